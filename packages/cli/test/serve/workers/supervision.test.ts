import { once } from 'node:events';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { Agent, get, request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import {
  adminPassword,
  childrenOf,
  requestToken,
  run,
  type RunningServer,
  scratchDirectory,
  startServer,
  tokenOf,
  waitUntil,
} from '../start-server.ts';

function start(workers: number, env: Record<string, string> = {}) {
  const dataDir = join(scratchDirectory(), 'data');
  const settings = { PORTOLAN_DATA_DIR: dataDir, PORTOLAN_WORKERS: String(workers), ...env };
  return startServer({ args: ['serve'], env: settings }).then((server) => ({ server, dataDir }));
}

function statusOf(url: string, agent?: Agent): Promise<number> {
  return new Promise((done, fail) => {
    get(url, { agent: agent ?? false }, (response) => {
      response.resume().on('end', () => done(response.statusCode ?? 0));
    }).on('error', fail);
  });
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** One kept-alive connection that asks again and again; notes whether and when it failed. */
async function askUntil(url: string, signal: AbortSignal) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  let [answered, failed] = [0, 0];
  while (!signal.aborted) {
    const status = await statusOf(url, agent).catch(() => 0);
    if (status === 200) answered++;
    else failed++;
    await delay(2);
  }
  agent.destroy();
  return { answered, failed };
}

/** It takes nothing new any more. */
function untilRefused({ address }: RunningServer): Promise<void> {
  return waitUntil(() =>
    statusOf(`${address}/livez`).then(
      () => false,
      () => true,
    ),
  );
}

/** An upload whose body is half sent. */
async function halfAnUpload(server: RunningServer, dataDir: string) {
  const service = `localhost:${new URL(server.address).port}`;
  const scope = 'repository:admin/app:pull,push';
  const password = adminPassword(dataDir);
  const token = await tokenOf(await requestToken(server.address, { service, scope, password }));
  const headers = { authorization: `Bearer ${token}` };
  const begun = await fetch(`${server.address}/v2/admin/app/blobs/uploads/`, {
    method: 'POST',
    headers,
  });
  const location = new URL(begun.headers.get('location') ?? '', server.address);
  const upload = request(location, { method: 'PATCH', headers });
  const answered = once(upload, 'response');
  answered.catch(() => undefined);
  upload.write(Buffer.alloc(100_000));
  const uploads = join(dataDir, 'uploads');
  const sizes = (): number[] =>
    readdirSync(uploads).map((name) => statSync(join(uploads, name)).size);
  await waitUntil(() => sizes().some((size) => size > 0));
  return { upload, answered };
}

describe('a worker that dies', () => {
  it('is replaced, and the others do not lose a request', async () => {
    const { server } = await start(2);
    const before = childrenOf(server.pid);
    expect(before).toHaveLength(2);
    const url = `${server.address}/livez`;
    const stop = new AbortController();
    const clients = Array.from({ length: 16 }, () => askUntil(url, stop.signal));
    await delay(500);
    const [victim = -1] = before;
    process.kill(victim, 'SIGKILL');
    // Connections that come now are for those that live.
    const fresh = await Promise.all(Array.from({ length: 50 }, () => statusOf(url)));
    expect(fresh.filter((status) => status !== 200)).toEqual([]);
    await waitUntil(() => childrenOf(server.pid).length === 2);
    await delay(500);
    stop.abort();
    const results = await Promise.all(clients);
    expect(childrenOf(server.pid)).not.toContain(victim);
    // A connection that it held broke once and was made anew; the others never broke.
    expect(results.every(({ failed }) => failed <= 1)).toBe(true);
    expect(results.some(({ failed }) => failed === 0)).toBe(true);
    expect(results.every(({ answered }) => answered > 50)).toBe(true);
    expect(await server.stop()).toBe(0);
  });

  it('leaves the address to its successors even when all die', async () => {
    const { server } = await start(2);
    for (const pid of childrenOf(server.pid)) process.kill(pid, 'SIGKILL');
    await waitUntil(() =>
      statusOf(`${server.address}/readyz`)
        .then((s) => s === 200)
        .catch(() => false),
    );
    expect(await server.stop()).toBe(0);
  });

  it('does not outlive the primary', async () => {
    const { server } = await start(2);
    const workers = childrenOf(server.pid);
    server.child.kill('SIGKILL');
    await server.exited;
    await waitUntil(() => !workers.some(isAlive));
  });
});

describe.each([1, 2])('SIGTERM with %d worker(s)', (workers) => {
  it('finishes what has begun, takes nothing new, and ends with 0', async () => {
    const { server, dataDir } = await start(workers);
    const { upload, answered } = await halfAnUpload(server, dataDir);
    // A request that has begun to come in when the signal does.
    const probe = connect(Number(new URL(server.address).port), '127.0.0.1');
    probe.write('GET /readyz HTTP/1.1\r\nHost: localhost\r\n');
    await delay(500);
    server.child.kill('SIGTERM');
    await untilRefused(server);
    probe.write('\r\n');
    const [head] = (await once(probe, 'data')) as [Buffer];
    expect(head.toString()).toMatch(/^HTTP\/1\.1 503 /);
    expect(head.toString()).toMatch(/^connection: close/im);
    probe.destroy();
    upload.end(Buffer.alloc(100_000));
    const [response] = (await answered) as [{ statusCode: number; headers: { range?: string } }];
    expect(response.statusCode).toBe(202);
    expect(response.headers.range).toBe('0-199999');
    expect(await server.exited).toBe(0);
  });

  it('that comes while the server starts stops it as soon as it has', async () => {
    const dataDir = join(scratchDirectory(), 'data');
    const server = run({
      args: ['serve'],
      env: {
        PORTOLAN_DATA_DIR: dataDir,
        PORTOLAN_LISTEN: '127.0.0.1:0',
        PORTOLAN_WORKERS: String(workers),
      },
    });
    await waitUntil(() => existsSync(join(dataDir, 'portolan.db')));
    server.child.kill('SIGTERM');
    expect(await server.exited).toBe(0);
  });

  it('cuts what is left when the grace is over, and still ends with 0', async () => {
    const { server, dataDir } = await start(workers, { PORTOLAN_SHUTDOWN_GRACE_SECONDS: '1' });
    const { upload, answered } = await halfAnUpload(server, dataDir);
    upload.on('error', () => undefined);
    const startedAt = performance.now();
    expect(await server.stop()).toBe(0);
    expect(performance.now() - startedAt).toBeLessThan(5000);
    await expect(answered).rejects.toThrow();
  });

  it('ends at once when it comes twice', async () => {
    const { server, dataDir } = await start(workers);
    const { upload } = await halfAnUpload(server, dataDir);
    upload.on('error', () => undefined);
    const children = workers > 1 ? childrenOf(server.pid) : [];
    server.child.kill('SIGTERM');
    await untilRefused(server);
    server.child.kill('SIGTERM');
    expect(await server.exited).toBe(143);
    await waitUntil(() => !children.some(isAlive));
  });
});
