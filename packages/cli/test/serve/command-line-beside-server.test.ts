import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  adminPassword,
  requestToken,
  run,
  type RunningServer,
  scratchDirectory,
  startServer,
  tokenOf,
} from './start-server.ts';

const dataDir = join(scratchDirectory(), 'data');
let server: RunningServer;
let service: string;
beforeAll(async () => {
  const env = { PORTOLAN_DATA_DIR: dataDir, PORTOLAN_WORKERS: '2' };
  server = await startServer({ args: ['serve'], env });
  service = `localhost:${new URL(server.address).port}`;
});
afterAll(() => server.stop());

async function portolan(...args: string[]) {
  const command = run({ args, env: { PORTOLAN_DATA_DIR: dataDir } });
  const code = await command.exited;
  return { code, stdout: command.stdout(), stderr: command.stderr() };
}

describe('a command beside a running server', () => {
  it('takes effect on the next request', async () => {
    const created = await portolan('user', 'create', 'zoe', '--output', 'json');
    expect(created.code).toBe(0);
    const { password } = JSON.parse(created.stdout) as { password: string };
    const scope = 'repository:zoe/app:pull,push';
    const login = () => requestToken(server.address, { service, scope, user: 'zoe', password });
    const token = await tokenOf(await login());
    const begin = () =>
      fetch(`${server.address}/v2/zoe/app/blobs/uploads/`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}` },
      });
    expect((await begin()).status).toBe(202);

    expect((await portolan('user', 'set', 'zoe', '--disable')).code).toBe(0);
    const deadline = performance.now() + 5000;
    let status = 0;
    while (status !== 401 && performance.now() < deadline) {
      ({ status } = await begin());
      await delay(20);
    }
    expect(status).toBe(401);
    // A verified pair may be remembered, a disabled subject may not.
    expect((await login()).status).toBe(401);
  });

  it('does not disturb the administrator', async () => {
    const password = adminPassword(dataDir);
    expect((await requestToken(server.address, { service, password })).status).toBe(200);
  });
});

describe('exit codes', () => {
  const cases: [what: string, args: string[], code: number, says: RegExp][] = [
    ['an unknown command', ['usr', 'list'], 2, /Did you mean user\?/],
    ['an unknown verb', ['user', 'lst'], 2, /Did you mean list\?/],
    ['an unknown option', ['user', 'list', '--outptu', 'json'], 2, /Did you mean --output\?/],
    ['a format that there is not', ['user', 'list', '--output', 'xml'], 2, /table, json/],
    ['a missing argument', ['user', 'show'], 2, /missing required argument/],
    ['a user that there is not', ['user', 'show', 'admn'], 3, /did you mean 'admin'\?/],
    ['a name that is taken', ['user', 'create', 'admin'], 6, /error:/],
    ['a name that cannot be', ['user', 'create', 'Ådmin'], 2, /error:/],
    ['the last administrator', ['user', 'delete', 'admin'], 6, /error:/],
  ];
  it.each(cases)('refuse %s', async (_what, args, code, says) => {
    const result = await portolan(...args);
    expect(result).toMatchObject({ code, stdout: '' });
    expect(result.stderr).toMatch(says);
    expect(result.stderr).not.toContain('    at ');
  });

  it('is 2 where there is no data directory, and makes none', async () => {
    const missing = join(scratchDirectory(), 'nowhere');
    const result = await portolan('user', 'list', '--data-dir', missing);
    expect(result.code).toBe(2);
    expect(result.stderr).toContain(`no data directory at ${missing}`);
  });

  it.each([['--help'], ['--version'], ['user', '--help'], ['help', 'team'], ['version']])(
    'is 0 for %s',
    async (...args) => {
      const result = await portolan(...args);
      expect(result).toMatchObject({ code: 0, stderr: '' });
      expect(result.stdout).not.toBe('');
    },
  );

  it('shows where an error came from with --debug', async () => {
    const result = await portolan('user', 'show', 'nobody', '--debug');
    expect(result.code).toBe(3);
    expect(result.stderr).toContain('    at ');
  });
});
