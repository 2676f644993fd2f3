// nginx as it comes, with nothing but proxy_pass, which is what everybody begins with; and on the way to right.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { CheckResult } from '../../packages/cli/src/doctor/run-checks.ts';
import { startDaemon } from '../support/daemon.ts';
import { describeWith } from '../support/debian-package.ts';
import { findFreePort } from '../support/free-port.ts';
import { createScratchDirectory } from '../support/scratch-directory.ts';
import { type Portolan, runPortolan, startPortolan } from '../support/start-portolan.ts';

const AS_IT_COMES = 'gzip on; gzip_types *;';
const WITHOUT_LIMIT = `${AS_IT_COMES} client_max_body_size 0;`;
const AS_IT_SHOULD = `gzip off; client_max_body_size 0; proxy_request_buffering off; proxy_redirect off;
  proxy_http_version 1.1; proxy_set_header Host $http_host; proxy_set_header X-Forwarded-For $remote_addr;`;

async function startNginx(port: number, lines: string, target: string): Promise<void> {
  const scratch = await createScratchDirectory('nginx');
  onTestFinished(() => scratch.remove());
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${scratch.path}/${name};`,
  );
  const file = join(scratch.path, 'nginx.conf');
  const server = `server { listen 127.0.0.1:${port}; ${lines} location / { proxy_pass ${target}; } }`;
  const http = `http { access_log off; ${temporary.join(' ')} ${server} }`;
  await writeFile(file, `daemon off; user root; pid ${scratch.path}/pid; events {} ${http}`);
  const nginx = await startDaemon({
    file: '/usr/sbin/nginx',
    args: ['-c', file, '-e', 'stderr'],
    env: {},
    logFile: join(scratch.path, 'log'),
    isReady: async () => {
      const answer = await fetch(`http://127.0.0.1:${port}/livez`).catch(() => undefined);
      return answer?.ok === true;
    },
  });
  onTestFinished(() => nginx.stop());
}

async function startBehind(port: number): Promise<Portolan> {
  const env = { PORTOLAN_PUBLIC_URL: `http://localhost:${port}` };
  const portolan = await startPortolan({ workers: 1, env });
  onTestFinished(async () => void (await portolan.stop()));
  const { code, stderr } = await portolan.cli('namespace', 'create', 'docker.io');
  expect(code, stderr).toBe(0);
  return portolan;
}

describeWith({ packages: ['nginx-light'], root: true }, 'portolan doctor behind nginx', () => {
  test.each([
    ['as it comes', AS_IT_COMES, ['body-limit', 'host', 'push']],
    ['without its limit', WITHOUT_LIMIT, ['streaming', 'host', 'encoding']],
    ['as it should be', AS_IT_SHOULD, []],
  ])('%s fails at the checks that name what is wrong', async (_, lines, expected) => {
    const port = await findFreePort();
    const portolan = await startBehind(port);
    await startNginx(port, lines, portolan.url);
    const { dataDir, host } = portolan;
    const more = { PORTOLAN_LISTEN: host, PORTOLAN_PUBLIC_URL: `http://localhost:${port}` };
    const args = ['doctor', '--output', 'json'];
    const { stdout, stderr } = await runPortolan(args, { dataDir, more });
    expect(stdout, stderr).not.toBe('');
    const { checks } = JSON.parse(stdout) as { checks: readonly CheckResult[] };
    const failed = checks.filter(({ verdict }) => verdict === 'fail').map(({ name }) => name);
    expect(failed, stdout).toEqual(expected);
  });
});
