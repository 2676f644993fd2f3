// `portolan client check --engine proxy` through the CONNECT listener of the whole program: what the proxy does
// with the upstream's name, which TLS stands in the tunnel, and what is told where it does not connect.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type Mirror, startMirror } from './mirror/world.ts';
import type { CheckedRow } from './support/checked-row.ts';
import { findFreePort } from './support/free-port.ts';
import { type Image, makeImage } from './support/image.ts';
import { pushImage } from './support/registry-client.ts';
import { words } from './support/run-command.ts';
import { createScratchDirectory, type ScratchDirectory } from './support/scratch-directory.ts';
import { runPortolan } from './support/start-portolan.ts';

const CONNECT_PORT = / connect:\/\/127\.0\.0\.1:(\d+)/;
const BUSYBOX = 'docker.io/library/busybox';
const ETCD = 'quay.io/coreos/etcd';

describe('client check --engine proxy', () => {
  let scratch: ScratchDirectory;
  let mirror: Mirror;
  let image: Image;
  let registry: string;
  let proxy: string;

  /** Mirrors Docker Hub and Quay, which its authority may stand for, and GitHub's, which it may not. */
  beforeAll(async () => {
    scratch = await createScratchDirectory('proxy');
    const dataDir = join(scratch.path, 'data');
    const authority = 'ca init --name localhost --impersonate docker.io --impersonate quay.io';
    for (const line of [authority, 'ca issue localhost']) {
      expect((await runPortolan(words(line), { dataDir })).code, line).toBe(0);
    }
    const port = await findFreePort();
    registry = `https://localhost:${port}`;
    mirror = await startMirror({
      dataDir,
      env: {
        PORTOLAN_LISTEN: `127.0.0.1:0,https://127.0.0.1:${port},connect://127.0.0.1:0`,
        PORTOLAN_PUBLIC_URL: registry,
      },
    });
    const [, proxyPort] = CONNECT_PORT.exec(mirror.portolan.logs()) ?? [];
    proxy = `http://127.0.0.1:${proxyPort}`;
    image = makeImage();
    for (const repository of [BUSYBOX, ETCD]) {
      const [host = ''] = repository.split('/');
      await mirror.must(`namespace create ${host} --visibility public`);
      await pushImage(await mirror.client(repository), repository, image, 'v1');
    }
    await mirror.must('namespace create ghcr.io --visibility public');
  });

  afterAll(async () => {
    await mirror?.portolan.stop();
    await scratch?.remove();
  });

  async function check(line: string): Promise<{ code: number; row: CheckedRow | undefined }> {
    const args = words(`client check ${line} --engine proxy --registry ${registry} --output json`);
    const { dataDir } = mirror.portolan;
    const ended = await runPortolan(args, { dataDir, more: { HOME: scratch.path } });
    const [row] = JSON.parse(ended.stdout || '[]') as readonly CheckedRow[];
    return { code: ended.code, row };
  }

  test.each([
    ['docker.io', 'registry-1.docker.io', 'busybox:v1', 'library/busybox'],
    ['quay.io', 'quay.io', `${ETCD}:v1`, 'coreos/etcd'],
  ])('an image of %s comes through the tunnel to %s', async (host, asked, name, path) => {
    const { code, row } = await check(`${name} --proxy ${proxy}`);
    expect(row).toMatchObject({
      verdict: 'ok',
      status: 200,
      proxy,
      request: `GET https://${asked}/v2/${path}/manifests/v1`,
      namespace: host,
      digest: image.root.digest,
      granted: [`repository:${host}/${path}:pull`],
    });
    expect(code).toBe(0);
  });

  test('the token comes from the registry itself, beside the proxy', async () => {
    const { row } = await check(`busybox:v1 --proxy ${proxy}`);
    const [, token] = row?.requests ?? [];
    expect(token?.url).toMatch(new RegExp(`^${registry}/token\\?`));
  });

  test('an image that is not here is refused by the registry, not by the proxy', async () => {
    const { code, row } = await check(`busybox:absent --proxy ${proxy}`);
    expect(row).toMatchObject({ verdict: 'refused', status: 404 });
    expect(code).toBe(1);
  });

  test.each([
    [
      'gcr.io/a/b:v1',
      'gcr.io:443',
      403,
      'gcr.io is not mirrored here',
      'portolan mirror add gcr.io/',
    ],
    [
      'quay.io:8443/a/b:v1',
      'quay.io:8443',
      403,
      'quay.io:8443 is not mirrored',
      'quay.io:8443/REPO',
    ],
    ['ghcr.io/a/b:v1', 'ghcr.io:443', 503, 'no certificate for ghcr.io', '--impersonate ghcr.io'],
  ])(
    '%s: the proxy answers CONNECT %s with %d, which is told with what to do',
    async (...given) => {
      const [name, target, status, reason, advice] = given;
      const { code, row } = await check(`${name} --proxy ${proxy}`);
      expect(row).toMatchObject({ verdict: 'refused', status, request: `CONNECT ${target}` });
      expect(row?.reason).toContain(`${proxy} answers ${status}`);
      expect(row?.reason).toContain(reason);
      expect(row?.reason).toContain(advice);
      expect(code).toBe(1);
    },
  );

  test('a listener that is off: which setting turns it on', async () => {
    const off = await findFreePort();
    const { code, row } = await check(`busybox:v1 --proxy http://127.0.0.1:${off}`);
    expect(row?.verdict).toBe('refused');
    expect(row?.reason).toContain(`nobody listens at the proxy http://127.0.0.1:${off}`);
    expect(row?.reason).toContain(`connect://[::]:${off}`);
    expect(code).toBe(1);
  });

  test('without --proxy it is port 3128 of the registry', async () => {
    expect((await check('busybox:v1')).row?.proxy).toBe('http://localhost:3128');
  });

  test('what answers there and is no CONNECT listener', async () => {
    const { portolan } = mirror;
    const { row } = await check(`busybox:v1 --proxy ${portolan.url}`);
    expect(row?.reason).toContain(`${portolan.url} does not answer CONNECT`);
    const other = createServer().listen(0, '127.0.0.1');
    other.on('connect', (_, socket) => socket.end('HTTP/1.1 404 Not Found\r\n\r\n'));
    await new Promise((resolve) => other.once('listening', resolve));
    onTestFinished(() => void other.close());
    const { port } = other.address() as AddressInfo;
    const answered = await check(`busybox:v1 --proxy http://127.0.0.1:${port}`);
    expect(answered.row?.reason).toContain('answers 404 Not Found: if the CONNECT listener');
  });

  test('the certificate in the tunnel must be of an authority that is trusted', async () => {
    const elsewhere = { dataDir: join(scratch.path, 'none'), more: { HOME: scratch.path } };
    const line = `client check busybox:v1 --engine proxy --registry ${registry} --proxy ${proxy}`;
    const { code, stdout } = await runPortolan(words(`${line} --output json`), elsewhere);
    const [row] = JSON.parse(stdout) as readonly CheckedRow[];
    expect(row).toMatchObject({ verdict: 'refused', reason: expect.stringMatching(/certificate/) });
    expect(code).toBe(1);
    const given = `${line} --ca ${join(mirror.portolan.dataDir, 'ca', 'ca.crt')}`;
    expect((await runPortolan(words(given), elsewhere)).code).toBe(0);
  });

  test('an address that is no proxy is a usage error', async () => {
    expect((await check('busybox:v1 --proxy socks5://127.0.0.1:1')).code).toBe(2);
  });
});
