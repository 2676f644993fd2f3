// The image as it runs: sealed, as its user, and told to stop.
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { childrenOf } from '../support/process-tree.ts';
import { basic } from '../support/request-token.ts';
import { type ContainerSite, UID } from './container-site.ts';
import { pushAndPull, type RunningContainer, runContainer, SEALED } from './running-container.ts';
import { systemCallProfile } from './unit-system-calls.ts';

const HOST = 'localhost:5000';
const INSECURE = ['--tls-verify=false'];

async function statusOf(pid: number): Promise<Map<string, string>> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8');
  return new Map(text.split('\n').map((line) => line.split(':\t', 2) as [string, string]));
}

type Request = Omit<http.RequestOptions, 'headers'> & {
  readonly headers?: Readonly<Record<string, string>>;
};

function start(socketPath: string, request: Request) {
  const headers = { host: HOST, ...request.headers };
  const sent = http.request({ ...request, socketPath, headers, agent: false });
  const answer = once(sent, 'response').then(([response]) => response as http.IncomingMessage);
  return { sent, answer };
}

/** An upload that has begun; the rest of it is the test's. */
async function startUpload(socketPath: string, password: string) {
  const scope = 'repository:admin/slow:pull,push';
  const asked = start(socketPath, {
    path: `/token?service=${HOST}&scope=${scope}`,
    headers: { authorization: basic({ name: 'admin', password }) },
  });
  asked.sent.end();
  const { token } = (await json(await asked.answer)) as { token: string };
  const headers = { authorization: `Bearer ${token}` };
  const opened = start(socketPath, {
    method: 'POST',
    path: '/v2/admin/slow/blobs/uploads/',
    headers,
  });
  opened.sent.end();
  const { location = '' } = (await opened.answer).headers;
  const { pathname, search } = new URL(location, `http://${HOST}`);
  const upload = start(socketPath, { method: 'PATCH', path: `${pathname}${search}`, headers });
  upload.sent.write(Buffer.alloc(100_000));
  return upload;
}

function sealedTests(site: () => ContainerSite): void {
  describe('the image, read-only and without capabilities', () => {
    let container: RunningContainer;
    beforeAll(async () => {
      const dataDirectory = await site().makeDataDirectory('image-data');
      container = await runContainer(site(), { name: 'sealed', dataDirectory });
    });

    test('is pushed to and pulled from', async () => {
      await pushAndPull(site(), { host: HOST, password: container.password }, INSECURE);
    });

    test('is node itself, as its user, and so are its workers', async () => {
      const pids = [container.pid, ...(await childrenOf(container.pid))];
      expect(pids.length).toBeGreaterThan(1);
      for (const status of await Promise.all(pids.map(statusOf))) {
        expect(status.get('Name')).toMatch(/node|portolan/i);
        expect(status.get('Uid')?.split('\t')).toEqual(Array.from({ length: 4 }, () => `${UID}`));
        expect(Number(status.get('CapEff'))).toBe(0);
        expect(status.get('NoNewPrivs')).toBe('1');
      }
    });

    test('takes commands of the command line', async () => {
      const { output } = await site().engine.mustPodman('exec sealed portolan user list');
      expect(output).toContain('admin');
    });

    test('finishes what has begun, and begins nothing, when it is told to stop', async () => {
      const socketPath = await site().network.openPort(5000);
      const upload = await startUpload(socketPath, container.password);
      const stopped = container.stop();
      await delay(1500);
      const late = start(socketPath, { path: '/livez' });
      late.sent.end();
      await expect(late.answer).rejects.toThrow();
      upload.sent.end(Buffer.alloc(100_000));
      const { statusCode, headers } = await upload.answer;
      expect(statusCode).toBe(202);
      expect(headers.range).toBe('0-199999');
      expect(await stopped).toBe(0);
    });
  });
}

export function runningImageTests(site: () => ContainerSite): void {
  sealedTests(site);

  test('the image needs no system call that the units of systemd refuse', async () => {
    const profile = join(site().directory, 'system-calls.json');
    await writeFile(profile, await systemCallProfile());
    const container = await runContainer(site(), {
      name: 'filtered',
      dataDirectory: await site().makeDataDirectory('filtered-data'),
      options: [...SEALED, `--security-opt=seccomp=${profile}`],
    });
    await pushAndPull(site(), { host: HOST, password: container.password }, INSECURE);
    expect(await container.stop()).toBe(0);
  });
}
