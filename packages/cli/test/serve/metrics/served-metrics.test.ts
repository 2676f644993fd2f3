import { createHash } from 'node:crypto';
import { Agent, get, request } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  adminPassword,
  childrenOf,
  requestToken,
  run,
  scratchDirectory,
  startServer,
  tokenOf,
  waitUntil,
} from '../start-server.ts';
import { type CountingServer, startCounting, sumOf } from './scrape.ts';

const EMPTY = `sha256:${createHash('sha256').digest('hex')}`;
const REQUESTS = 'registry_http_requests_total';

/** Connections are spread over the workers, requests of one connection are not. */
function ask(address: string, count: number): Promise<unknown> {
  const agent = new Agent({ keepAlive: true, maxSockets: 20 });
  const one = () =>
    new Promise<void>((done, fail) => {
      get(`${address}/v2/`, { agent }, (response) => {
        response.resume().on('end', () => done());
      }).on('error', fail);
    });
  return Promise.all(Array.from({ length: count }, one)).finally(() => agent.destroy());
}

/** A request is over a moment after its client has the answer. */
async function settle({ valueOf }: CountingServer, wanted: number): Promise<number> {
  await waitUntil(async () => (await valueOf(REQUESTS)) >= wanted);
  return valueOf(REQUESTS);
}

function start(workers: number): Promise<CountingServer> {
  return startCounting({ args: ['serve'], env: { PORTOLAN_WORKERS: String(workers) } });
}

describe.each([1, 3])('the metrics of %d worker(s)', (workers) => {
  it('are exact', async () => {
    const counting = await start(workers);
    await ask(counting.server.address, 400);
    expect(await settle(counting, 400)).toBe(400);
    const text = await counting.scrape();
    expect(sumOf(text, 'registry_http_request_duration_seconds_count')).toBe(400);
    expect(sumOf(text, 'registry_http_in_flight_requests')).toBe(0);
    expect(sumOf(text, REQUESTS, 'code="401"')).toBe(400);
    expect(await counting.server.stop()).toBe(0);
  });

  it('tell what is being answered in all of them, by handler', async () => {
    const { server, dataDir, valueOf } = await start(workers);
    const service = `localhost:${new URL(server.address).port}`;
    const scope = 'repository:admin/app:pull,push';
    const asked = { service, scope, password: adminPassword(dataDir) };
    const token = await tokenOf(await requestToken(server.address, asked));
    const count = (handler: string) =>
      valueOf('registry_http_in_flight_requests', `handler="${handler}"`);
    const uploads = Array.from({ length: 6 }, () => {
      const upload = request(`${server.address}/v2/admin/app/blobs/uploads/?digest=${EMPTY}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-length': 1000 },
        agent: false,
      });
      upload.on('error', () => undefined).write('x');
      return upload;
    });
    await waitUntil(async () => (await count('blob_upload')) === 6);
    expect(await valueOf('registry_http_in_flight_requests')).toBe(6);
    for (const upload of uploads) upload.destroy();
    await waitUntil(async () => (await count('blob_upload')) === 0);
    expect(await server.stop()).toBe(0);
  });

  it('tell tokens and failed logins', async () => {
    const { server, dataDir, scrape } = await start(workers);
    const service = `localhost:${new URL(server.address).port}`;
    const login = (password: string) => requestToken(server.address, { service, password });
    await login(adminPassword(dataDir));
    // From one source five wrong ones in a row are too many.
    for (let i = 0; i < 6; i++) await login(`wrong-${i}`);
    const text = await scrape();
    expect(sumOf(text, 'auth_tokens_issued_total', 'grant="password"')).toBe(1);
    expect(sumOf(text, 'auth_login_failures_total')).toBe(5);
    expect(sumOf(text, 'auth_throttled_total')).toBe(1);
    expect(sumOf(text, 'auth_http_requests_total', 'handler="token-get"')).toBe(7);
    expect(await server.stop()).toBe(0);
  });
});

describe('a counter', () => {
  it('does not fall when a worker is killed', async () => {
    const counting = await start(3);
    const { server, valueOf } = counting;
    await ask(server.address, 300);
    expect(await settle(counting, 300)).toBe(300);
    for (let round = 1; round <= 3; round++) {
      const [victim = -1] = childrenOf(server.pid);
      process.kill(victim, 'SIGKILL');
      await waitUntil(async () => {
        expect(await valueOf(REQUESTS)).toBeGreaterThanOrEqual(300);
        return (await valueOf('worker_restarts_total')) === round;
      });
    }
    await ask(server.address, 100);
    expect(await settle(counting, 400)).toBe(400);
    expect(await server.stop()).toBe(0);
  });

  it('does not fall while a worker does not answer, and is right again when it does', async () => {
    const counting = await start(2);
    const { server, valueOf } = counting;
    await ask(server.address, 100);
    expect(await settle(counting, 100)).toBe(100);
    const [stopped = -1] = childrenOf(server.pid);
    process.kill(stopped, 'SIGSTOP');
    const startedAt = performance.now();
    expect(await valueOf(REQUESTS)).toBe(100);
    expect(performance.now() - startedAt).toBeLessThan(4000);
    process.kill(stopped, 'SIGCONT');
    await ask(server.address, 50);
    expect(await settle(counting, 150)).toBe(150);
    expect(await server.stop()).toBe(0);
  });
});

describe('metrics', () => {
  it('are served by each of the two halves, of what it does', async () => {
    const dataDir = join(scratchDirectory(), 'data');
    const env = { PORTOLAN_PUBLIC_URL: 'http://localhost:5000' };
    const registry = await startCounting({ args: ['serve', 'registry'], env }, dataDir);
    const auth = await startCounting({ args: ['serve', 'auth'], env }, dataDir);
    await ask(registry.server.address, 10);
    await requestToken(auth.server.address, {
      service: 'localhost:5000',
      password: adminPassword(dataDir),
    });
    expect(await settle(registry, 10)).toBe(10);
    const [ofRegistry, ofAuth] = [await registry.scrape(), await auth.scrape()];
    expect(sumOf(ofAuth, 'auth_tokens_issued_total')).toBe(1);
    expect(ofRegistry).toContain('gc_runs_total');
    expect(ofAuth).not.toContain('gc_runs_total');
    await Promise.all([registry.server.stop(), auth.server.stop()]);
  });

  it('are off unless asked for, and never on the address of clients', async () => {
    const env = { PORTOLAN_DATA_DIR: join(scratchDirectory(), 'data') };
    const server = await startServer({ args: ['serve'], env });
    expect((await fetch(`${server.address}/metrics`)).status).toBe(404);
    expect(server.stderr()).not.toContain('/metrics');
    await server.stop();
  });

  it('keep the server from starting when their address is taken', async () => {
    const { server } = await start(1);
    const [, port = ''] = /:(\d+)\/metrics/.exec(server.stderr()) ?? [];
    const second = run({
      args: ['serve'],
      env: {
        PORTOLAN_DATA_DIR: join(scratchDirectory(), 'data'),
        PORTOLAN_LISTEN: '127.0.0.1:0',
        PORTOLAN_WORKERS: '1',
        PORTOLAN_METRICS_LISTEN: port,
      },
    });
    expect(await second.exited).toBe(1);
    expect(second.stderr()).toContain('PORTOLAN_METRICS_LISTEN');
    await server.stop();
  });
});
