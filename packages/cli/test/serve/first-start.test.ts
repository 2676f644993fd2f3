import { once } from 'node:events';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { adminPassword, requestToken, run, scratchDirectory, startServer } from './start-server.ts';

const GIVEN = 'a password that nobody guesses';

describe('the first start', () => {
  it('prints the password that it made, once, and keeps it in a file of its own', async () => {
    const dataDir = join(scratchDirectory(), 'data');
    const env = { PORTOLAN_DATA_DIR: dataDir };
    const first = await startServer({ args: ['serve'], env });
    const password = adminPassword(dataDir);
    expect(first.stdout()).toContain(password);
    expect(first.stdout()).toContain(join(dataDir, 'admin-password'));
    expect(statSync(join(dataDir, 'admin-password')).mode & 0o777).toBe(0o600);
    const host = `localhost:${new URL(first.address).port}`;
    expect(first.stdout()).toContain(`docker push ${host}/admin/busybox`);
    expect(first.stdout()).toContain(`podman push --tls-verify=false`);
    expect(first.stdout()).not.toContain('insecure-registries');
    const answer = await requestToken(first.address, { service: host, password });
    expect(answer.status).toBe(200);
    expect(await first.stop()).toBe(0);
    expect(first.stderr()).not.toContain(password);

    const second = await startServer({ args: ['serve'], env });
    expect(second.stdout()).not.toContain(password);
    expect(second.stdout()).toContain(`first password in ${join(dataDir, 'admin-password')}`);
    await second.stop();
  });

  it('is ready no sooner than its administrator is', async () => {
    const directory = scratchDirectory();
    const socketPath = join(directory, 'server.sock');
    run({
      args: ['serve'],
      env: {
        PORTOLAN_DATA_DIR: join(directory, 'data'),
        PORTOLAN_LISTEN: `unix:${socketPath}`,
        PORTOLAN_PUBLIC_URL: 'http://registry.lan',
        PORTOLAN_ADMIN_PASSWORD: GIVEN,
      },
    });
    const statusOf = async (path: string, auth?: string): Promise<number> => {
      const [response] = (await once(get({ socketPath, path, auth }), 'response')) as [
        IncomingMessage,
      ];
      response.resume();
      return response.statusCode ?? 0;
    };
    // Asked all the time, so that the answer right after the first 200 counts.
    while ((await statusOf('/readyz').catch(() => 0)) !== 200) await delay(1);
    const path = '/token?service=registry.lan';
    expect(await statusOf(path, `admin:${GIVEN}`)).toBe(200);
  });

  it('takes a given password and writes it nowhere', async () => {
    const dataDir = join(scratchDirectory(), 'data');
    const env = { PORTOLAN_DATA_DIR: dataDir, PORTOLAN_ADMIN_PASSWORD: GIVEN };
    const server = await startServer({ args: ['serve'], env });
    const service = `localhost:${new URL(server.address).port}`;
    const answer = await requestToken(server.address, { service, password: GIVEN });
    await server.stop();
    expect(answer.status).toBe(200);
    expect(existsSync(join(dataDir, 'admin-password'))).toBe(false);
    expect(server.stdout() + server.stderr()).not.toContain(GIVEN);
  });

  it('says what docker needs for plain HTTP elsewhere than on loopback', async () => {
    const PORTOLAN_DATA_DIR = join(scratchDirectory(), 'data');
    const env = { PORTOLAN_DATA_DIR, PORTOLAN_PUBLIC_URL: 'http://box.lan:5000' };
    const server = await startServer({ args: ['serve'], env });
    await server.stop();
    expect(server.stdout()).toContain('"insecure-registries": ["box.lan:5000"]');
  });

  it('refuses a password that anybody would guess and names the setting', async () => {
    const env = {
      PORTOLAN_DATA_DIR: join(scratchDirectory(), 'data'),
      PORTOLAN_LISTEN: '127.0.0.1:0',
      PORTOLAN_WORKERS: '1',
      PORTOLAN_ADMIN_PASSWORD: 'short',
    };
    const server = run({ args: ['serve'], env });
    expect(await server.exited).toBe(2);
    expect(server.stderr()).toMatch(
      /^error: One setting is wrong:\n {2}- PORTOLAN_ADMIN_PASSWORD/m,
    );
    expect(server.stderr()).not.toContain('    at ');
  });

  it('says so when a file is where the data should be', async () => {
    const file = join(scratchDirectory(), 'file');
    writeFileSync(file, '');
    const env = { PORTOLAN_DATA_DIR: file, PORTOLAN_LISTEN: '127.0.0.1:0', PORTOLAN_WORKERS: '1' };
    const server = run({ args: ['serve'], env });
    expect(await server.exited).toBe(1);
    expect(server.stderr()).toContain('A file is where a directory should be.');
  });

  it('makes no password when it cannot listen', async () => {
    const dataDir = join(scratchDirectory(), 'data');
    const holder = await startServer({
      args: ['serve'],
      env: { PORTOLAN_DATA_DIR: join(scratchDirectory(), 'other') },
    });
    for (const workers of ['1', '2']) {
      const env = {
        PORTOLAN_DATA_DIR: dataDir,
        PORTOLAN_LISTEN: new URL(holder.address).host,
        PORTOLAN_WORKERS: workers,
      };
      const server = run({ args: ['serve'], env });
      expect(await server.exited).toBe(1);
      expect(server.stderr()).toContain('EADDRINUSE');
      expect(server.stderr()).toContain('PORTOLAN_LISTEN=');
      expect(server.stderr()).not.toContain('    at ');
    }
    await holder.stop();
    expect(existsSync(join(dataDir, 'admin-password'))).toBe(false);
  });
});
