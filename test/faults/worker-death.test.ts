// One of two workers is killed (-9) under load. Requests on connections of the other one go on, new
// connections are served, an upload goes on elsewhere, and a new worker takes the dead one's place.
import { Agent, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findConnectionOwner } from '../support/connection-owner.ts';
import { makeImage, randomBlob } from '../support/image.ts';
import { childrenOf, isAlive } from '../support/process-tree.ts';
import { createRegistryClient, pullBlob, pushImage } from '../support/registry-client.ts';
import { type Portolan, startPortolan } from '../support/start-portolan.ts';

const REPOSITORY = 'crew-apps/web';
const CONNECTIONS = 12;

/** One kept connection, on which one request follows the other. */
function createConnection(portolan: Portolan, token: string) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  let clientPort = 0;
  const get = (path: string): Promise<number> =>
    new Promise((resolve, reject) => {
      const headers = { Authorization: `Bearer ${token}` };
      const sent = request(new URL(path, portolan.url), { agent, headers }, (answer) => {
        answer.resume().on('end', () => resolve(answer.statusCode ?? 0));
        answer.on('error', reject);
      });
      sent.on('socket', (socket) => {
        const read = (): void => {
          clientPort = socket.localPort ?? 0;
        };
        if (socket.connecting) socket.once('connect', read);
        else read();
      });
      sent.on('error', reject).end();
    });
  return { get, clientPort: () => clientPort, close: () => agent.destroy() };
}

describe('a worker that is killed', () => {
  let portolan: Portolan;
  let token: string;
  const image = makeImage();

  beforeAll(async () => {
    portolan = await startPortolan({ workers: 2 });
    await portolan.cli('team', 'create', 'crew', '--owner', 'admin');
    await portolan.cli('namespace', 'create', 'crew-apps', '--team', 'crew');
    token = await portolan.token([`repository:${REPOSITORY}:pull,push`]);
    await pushImage(createRegistryClient(portolan.url, token), REPOSITORY, image, '1');
  });

  afterAll(() => portolan?.stop());

  /** Connections that each have an answer, and the worker that gave it. */
  async function connect(workers: readonly number[]) {
    const connections = Array.from({ length: CONNECTIONS }, () =>
      createConnection(portolan, token),
    );
    await Promise.all(connections.map((connection) => connection.get('/livez')));
    const owners = await Promise.all(
      connections.map((connection) => {
        const ports = { serverPort: portolan.port, clientPort: connection.clientPort() };
        return findConnectionOwner(ports, workers);
      }),
    );
    return connections.map((connection, i) => ({ connection, owner: owners[i] }));
  }

  /** Both workers and connections to each, once there are two that answer. */
  async function connectToBoth() {
    for (let i = 0; i < 100; i++) {
      const workers = await childrenOf(portolan.pid);
      const connected = await connect(workers);
      const owners = new Set(connected.map(({ owner }) => owner));
      if (workers.length === 2 && workers.every((worker) => owners.has(worker))) {
        return { workers, connected };
      }
      for (const { connection } of connected) connection.close();
      await delay(100);
    }
    throw new Error('there are not two workers that answer');
  }

  async function twoWorkers(): Promise<readonly number[]> {
    const { workers, connected } = await connectToBoth();
    for (const { connection } of connected) connection.close();
    return workers;
  }

  test('costs no request on connections of the other one, nor on new ones', async () => {
    const path = `/v2/${REPOSITORY}/manifests/1`;
    const { workers, connected } = await connectToBoth();
    const [victim] = workers;
    const survivors = connected.filter(({ owner }) => owner !== victim);
    const statuses: number[] = [];
    const over = new AbortController();
    const load = survivors.map(async ({ connection }) => {
      while (!over.signal.aborted) statuses.push(await connection.get(path));
    });
    await delay(200);
    process.kill(victim ?? 0, 'SIGKILL');
    const fresh = Array.from({ length: 50 }, async (_, i) => {
      await delay(i * 20);
      const connection = createConnection(portolan, token);
      statuses.push(await connection.get(path));
      connection.close();
    });
    await Promise.all(fresh);
    over.abort();
    await Promise.all(load);
    for (const { connection } of connected) connection.close();
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(statuses.length).toBeGreaterThan(fresh.length);
  });

  test('is replaced', async () => {
    const workers = await twoWorkers();
    process.kill(workers[0] ?? 0, 'SIGKILL');
    while (isAlive(workers[0] ?? 0)) await delay(10);
    expect(await twoWorkers()).not.toContain(workers[0]);
  });

  test('leaves its uploads to the others', async () => {
    const blob = randomBlob(200_000);
    const client = createRegistryClient(portolan.url, token);
    const begun = await client.expect([202], 'POST', `/v2/${REPOSITORY}/blobs/uploads/`);
    const chunk = (start: number, end: number) => ({
      headers: { 'Content-Range': `${start}-${end - 1}` },
      body: blob.bytes.subarray(start, end),
    });
    const location = begun.headers.get('location') ?? '';
    const first = await client.expect([202], 'PATCH', location, chunk(0, 120_000));
    // Whichever of the two took it: after both are gone, nobody has its hash in memory.
    for (const worker of await twoWorkers()) {
      process.kill(worker, 'SIGKILL');
      while (isAlive(worker)) await delay(10);
      await twoWorkers();
    }
    const next = first.headers.get('location') ?? '';
    const second = await client.expect([202], 'PATCH', next, chunk(120_000, 200_000));
    const last = second.headers.get('location') ?? '';
    const query = `${last.includes('?') ? '&' : '?'}digest=${blob.digest}`;
    await client.expect([201], 'PUT', last + query);
    expect(await pullBlob(client, REPOSITORY, blob.digest)).toEqual(blob.bytes);
  });
});
