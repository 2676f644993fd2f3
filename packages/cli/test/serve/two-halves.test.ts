import { mkdtempSync, statSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  adminPassword,
  requestToken,
  run,
  type RunningServer,
  scratchDirectory,
  startServer,
  tokenOf,
} from './start-server.ts';

const NAMES = {
  PORTOLAN_TOKEN_ISSUER: 'https://auth.lan',
  PORTOLAN_TOKEN_SERVICE: 'registry.lan',
};
const REALM = { PORTOLAN_REGISTRY_REALM: 'https://auth.lan/token' };

const servers: RunningServer[] = [];
afterAll(() => Promise.all(servers.map((server) => server.stop())));

async function start(role: string, env: Record<string, string>): Promise<RunningServer> {
  const server = await startServer({ args: ['serve', role], env });
  servers.push(server);
  return server;
}

function base(registry: RunningServer, token?: string): Promise<Response> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return fetch(`${registry.address}/v2/`, { headers });
}

describe('registry and token service as two servers', () => {
  it('work on one data directory without a request from one to the other', async () => {
    const dataDir = join(scratchDirectory(), 'data');
    const env = { PORTOLAN_DATA_DIR: dataDir, ...NAMES };
    const [auth, registry] = await Promise.all([
      start('auth', env),
      start('registry', { ...env, ...REALM }),
    ]);
    const refused = await base(registry);
    expect(refused.status).toBe(401);
    expect(refused.headers.get('www-authenticate')).toBe(
      'Bearer realm="https://auth.lan/token",service="registry.lan"',
    );
    const password = adminPassword(dataDir);
    const scope = 'repository:admin/app:pull';
    const answer = await requestToken(auth.address, { service: 'registry.lan', scope, password });
    expect((await base(registry, await tokenOf(answer))).status).toBe(200);
    expect((await fetch(`${registry.address}/readyz`)).status).toBe(200);
    expect((await fetch(`${registry.address}/livez`)).status).toBe(200);
    expect((await fetch(`${registry.address}/token`)).status).toBe(404);
    expect((await fetch(`${auth.address}/v2/`)).status).toBe(404);
  });

  it('work on a data directory each, by the keys alone', async () => {
    const authDir = join(scratchDirectory(), 'data');
    const auth = await start('auth', { PORTOLAN_DATA_DIR: authDir, ...NAMES });
    const file = join(scratchDirectory(), 'jwks.json');
    writeFileSync(file, await (await fetch(`${auth.address}/jwks`)).text());
    const answer = await requestToken(auth.address, {
      service: 'registry.lan',
      password: adminPassword(authDir),
    });
    const token = await tokenOf(answer);
    for (const jwks of [file, `${auth.address}/jwks`]) {
      const registry = await start('registry', {
        PORTOLAN_DATA_DIR: join(scratchDirectory(), 'data'),
        PORTOLAN_REGISTRY_JWKS: jwks,
        ...NAMES,
        ...REALM,
      });
      expect((await base(registry, token)).status).toBe(200);
      expect((await base(registry, `${token.slice(0, -8)}AAAAAAAA`)).status).toBe(401);
    }
  });

  it('is not ready while no keys can be fetched', async () => {
    const registry = await start('registry', {
      PORTOLAN_DATA_DIR: join(scratchDirectory(), 'data'),
      PORTOLAN_REGISTRY_JWKS: '/nowhere/jwks.json',
      ...NAMES,
      ...REALM,
    });
    expect((await fetch(`${registry.address}/readyz`)).status).toBe(503);
    expect((await fetch(`${registry.address}/livez`)).status).toBe(200);
  });
});

function statusOverSocket(socketPath: string, path: string): Promise<number> {
  return new Promise((done, fail) => {
    get({ socketPath, path, agent: false }, (response) => {
      response.resume().on('end', () => done(response.statusCode ?? 0));
    }).on('error', fail);
  });
}

describe.each(['1', '2'])('a Unix socket with %s worker(s)', (workers) => {
  const env = (path: string) => ({
    PORTOLAN_DATA_DIR: join(scratchDirectory(), 'data'),
    PORTOLAN_LISTEN: `unix:${path}`,
    PORTOLAN_PUBLIC_URL: 'https://registry.lan',
    PORTOLAN_WORKERS: workers,
  });

  it('is for the group, takes the place of one that a dead server left, and goes with the server', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'p-')), 's');
    const first = await startServer({ args: ['serve'], env: env(path) });
    expect(first.address).toBe(`unix:${path}`);
    expect(statSync(path).mode & 0o777).toBe(0o660);
    const busy = run({ args: ['serve'], env: env(path) });
    expect(await busy.exited).toBe(1);
    expect(busy.stderr()).toContain(`already listens on ${path}`);
    expect(await statusOverSocket(path, '/readyz')).toBe(200);
    first.child.kill('SIGKILL');
    await first.exited;
    const second = await startServer({ args: ['serve'], env: env(path) });
    expect(await statusOverSocket(path, '/livez')).toBe(200);
    expect(await statusOverSocket(path, '/v2/')).toBe(401);
    expect(await second.stop()).toBe(0);
    expect(() => statSync(path)).toThrow('ENOENT');
  });
});

it('does not touch a file that is no socket', async () => {
  const path = join(scratchDirectory(), 'precious');
  writeFileSync(path, 'data');
  const server = run({
    args: ['serve'],
    env: {
      PORTOLAN_DATA_DIR: join(scratchDirectory(), 'data'),
      PORTOLAN_LISTEN: `unix:${path}`,
      PORTOLAN_PUBLIC_URL: 'https://registry.lan',
    },
  });
  expect(await server.exited).toBe(1);
  expect(server.stderr()).toContain('is no socket');
  expect(statSync(path).size).toBe(4);
});

const hasIpv6 = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some(({ address }) => address === '::1'),
);

it.skipIf(!hasIpv6)('listens on IPv6', async () => {
  const server = await startServer({
    args: ['serve'],
    env: { PORTOLAN_DATA_DIR: join(scratchDirectory(), 'data'), PORTOLAN_LISTEN: '[::1]:0' },
  });
  expect(server.address).toMatch(/^http:\/\/\[::1\]:\d+$/);
  expect((await fetch(`${server.address}/livez`)).status).toBe(200);
  expect(await server.stop()).toBe(0);
});
