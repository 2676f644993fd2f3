// What the doctor says of proxies that make one mistake each, in front of a real server.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run, type RunningServer, scratchDirectory, startServer } from '../serve/start-server.ts';
import { type CrookedProxy, type Mistake, startCrookedProxy } from './crooked-proxy.ts';
import { runDoctor } from './run-doctor.ts';

describe('portolan doctor', () => {
  let proxy: CrookedProxy;
  let server: RunningServer;
  let env: Record<string, string>;

  async function must(...args: string[]): Promise<void> {
    const command = run({ args, env });
    expect(await command.exited, command.stderr()).toBe(0);
  }

  beforeAll(async () => {
    proxy = await startCrookedProxy();
    env = {
      PORTOLAN_DATA_DIR: join(scratchDirectory(), 'data'),
      PORTOLAN_PUBLIC_URL: `http://localhost:${proxy.port}`,
    };
    server = await startServer({ args: ['serve'], env });
    env = { ...env, PORTOLAN_LISTEN: server.address.replace('http://', '') };
    proxy.target = server.address;
    await must('namespace', 'create', 'docker.io', '--visibility', 'public');
  });

  afterAll(async () => {
    await server?.stop();
    proxy?.close();
  });

  it.each<[Mistake, readonly string[], string]>([
    ['none', [], ''],
    ['buffers requests', ['fail streaming'], 'proxy_request_buffering off'],
    ['limits bodies to 1 MiB', ['fail body-limit', 'fail push'], 'client_max_body_size 0'],
    ['sets Host', ['fail host'], 'proxy_set_header Host $http_host'],
    ['rewrites Location', ['fail location'], 'proxy_redirect off'],
    ['compresses', ['fail encoding'], 'gzip off'],
    ['drops Content-Length of HEAD', ['fail head'], 'let HEAD through'],
    ['drops Range', ['warn range'], 'let Range through'],
    ['refuses DELETE', ['warn delete'], 'somebody who may delete'],
    ['takes /token for itself', ['fail token'], 'let /token lead to the token service'],
  ])('of a proxy that does this: %s, finds %o', async (mistake, troubles, remedy) => {
    proxy.mistake = mistake;
    const diagnosis = await runDoctor([], env);
    expect(diagnosis.troubles, diagnosis.stdout).toEqual(troubles);
    expect(diagnosis.stdout).toContain(remedy);
    expect(diagnosis.code).toBe(troubles.some((trouble) => trouble.startsWith('fail')) ? 1 : 0);
  });

  it('pushes with a token of this machine, and leaves nothing behind', async () => {
    proxy.mistake = 'none';
    const { found } = await runDoctor([], env);
    expect(found.get('push')?.summary).toMatch(/^admin\/portolan-doctor-[0-9a-f]{8}:doctor$/);
    expect(found.get('delete')?.verdict).toBe('ok');
  });

  it('needs nothing but the address elsewhere, and then pushes as a user or not at all', async () => {
    proxy.mistake = 'none';
    const elsewhere = { PORTOLAN_DATA_DIR: join(scratchDirectory(), 'none') };
    const url = `http://localhost:${proxy.port}`;
    const without = await runDoctor(['--url', url], elsewhere);
    expect(without).toMatchObject({ code: 0, troubles: [] });
    expect(without.found.get('push')?.verdict).toBe('skipped');
    expect(without.found.get('database')?.verdict).toBe('skipped');
    const file = join(env['PORTOLAN_DATA_DIR'] ?? '', 'admin-password');
    const login = ['--url', url, '--user', 'admin', '--password-file', file];
    const withLogin = await runDoctor(login, elsewhere);
    expect(withLogin).toMatchObject({ code: 0, troubles: [] });
    expect(withLogin.found.get('push')?.verdict).toBe('ok');
  });

  it('signs no token for another address than its own', async () => {
    const { found } = await runDoctor(['--url', server.address], env);
    expect(found.get('push')?.verdict).toBe('skipped');
  });

  it('says that a login is wrong', async () => {
    proxy.mistake = 'none';
    const file = join(env['PORTOLAN_DATA_DIR'] ?? '', 'machine.lock');
    const { found, stdout } = await runDoctor(['--user', 'admin', '--password-file', file], env);
    expect(found.get('token')).toMatchObject({
      verdict: 'fail',
      meaning: expect.stringContaining('not right'),
    });
    expect(stdout).not.toContain('"boot"');
  });

  it('prints no secret, with a line each where nobody sits at a terminal', async () => {
    const command = run({ args: ['doctor', '--skip', 'upstreams,body-limit'], env });
    expect(await command.exited, command.stderr()).toBe(0);
    expect(command.stdout()).toMatch(/^ok settings: /m);
    expect(command.stdout()).toMatch(/^skipped body-limit: as told$/m);
    expect(command.stdout() + command.stderr()).not.toMatch(/eyJ[\w-]{20}/);
  });

  it('knows its checks by name', async () => {
    const command = run({ args: ['doctor', '--skip', 'dsn'], env });
    expect(await command.exited).toBe(2);
    expect(command.stderr()).toContain('there is no check');
  });
});
