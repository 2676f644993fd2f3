// Clients that send or read next to nothing, by the hundred, and one whose cable is pulled: others are
// answered meanwhile, the slow ones are cut by the rules on headers and progress, nothing of them is left,
// and an upload goes on where it stopped (reference reliability R2, rows 19 and 20).
import { readFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeImage, randomBlob } from '../support/image.ts';
import {
  createRegistryClient,
  pullAll,
  pullBlob,
  pushBlob,
  pushImage,
  type RegistryClient,
} from '../support/registry-client.ts';
import { type Portolan, startPortolan } from '../support/start-portolan.ts';

const REPOSITORY = 'slow/images';
const OF_EACH_KIND = 100;
const BLOB_BYTES = 16 * 2 ** 20;
const HALF_BYTES = 64 * 1024;
const DRIP_MS = 2000;
/** Bodies have half a minute for each window, headers a minute, readers up to two; and some room. */
const CUT_MS = 180_000;

const blob = randomBlob(BLOB_BYTES);

let portolan: Portolan;
let token: string;
let client: RegistryClient;
const sockets = new Set<Socket>();
/** Their ports. */
const attackers = new Set<number>();

beforeAll(async () => {
  portolan = await startPortolan();
  await portolan.cli('namespace', 'create', 'slow');
  token = await portolan.token([`repository:${REPOSITORY}:pull,push`]);
  client = createRegistryClient(portolan.url, token);
  await pushBlob(client, { repository: REPOSITORY, blob, style: 'post-put' });
});
afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  await portolan.stop();
});

/** Connections of attackers that the server has not closed; whoever reads nothing does not see the end. */
async function heldConnections(): Promise<number> {
  const rows = (await readFile('/proc/net/tcp', 'utf8')).trim().split('\n').slice(1);
  return rows.filter((row) => {
    const [, local = '', remote = '', , , , , , , inode] = row.trim().split(/\s+/);
    const [localPort, remotePort] = [local, remote].map((end) => parseInt(end.slice(-4), 16));
    // A socket that its process has closed has none.
    return localPort === portolan.port && attackers.has(remotePort ?? 0) && inode !== '0';
  }).length;
}

function attack(begin: readonly string[], drip: string | undefined): Socket {
  const socket = connect(portolan.port, '127.0.0.1');
  socket.on('error', () => undefined);
  for (const part of begin) socket.write(part);
  const timer = drip === undefined ? undefined : setInterval(() => socket.write(drip), DRIP_MS);
  sockets.add(socket);
  socket.once('connect', () => attackers.add(socket.localPort ?? 0));
  socket.once('close', () => clearInterval(timer));
  return socket;
}

function head(method: string, path: string, more: readonly string[] = []): string {
  const lines = [`Host: ${portolan.host}`, `Authorization: Bearer ${token}`, ...more];
  return `${method} ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n`;
}

async function beginUpload(): Promise<string> {
  const path = `/v2/${REPOSITORY}/blobs/uploads/`;
  const { headers } = await client.expect([202], 'POST', path);
  return headers.get('location') ?? '';
}

function patchHead(location: string): string {
  return `${head('PATCH', location, [`Content-Length: ${BLOB_BYTES}`])}\r\n`;
}

async function attackInAllWays(): Promise<void> {
  for (let i = 0; i < OF_EACH_KIND; i++) {
    attack([head('GET', '/v2/')], 'X: a\r\n');
    attack([patchHead(await beginUpload()), 'a'.repeat(1000)], 'a');
    // Asks for megabytes, and never reads.
    attack([`${head('GET', `/v2/${REPOSITORY}/blobs/${blob.digest}`)}\r\n`], undefined).pause();
  }
}

/** As if its cable were pulled: it says nothing more, and hears nothing. */
async function uploadHalf(): Promise<string> {
  const location = await beginUpload();
  const bytes = blob.bytes.subarray(0, HALF_BYTES);
  const socket = attack([patchHead(location)], undefined);
  socket.pause().write(bytes);
  return location;
}

async function finishUpload(location: string): Promise<void> {
  const { headers } = await client.expect([204], 'GET', location);
  expect(headers.get('range')).toBe(`0-${HALF_BYTES - 1}`);
  const rest = {
    headers: {
      'Content-Type': 'application/octet-stream',
      'Content-Range': `${HALF_BYTES}-${BLOB_BYTES - 1}`,
    },
    body: blob.bytes.subarray(HALF_BYTES),
  };
  const at = headers.get('location') ?? location;
  const answer = await client.expect([202], 'PATCH', at, rest);
  const next = answer.headers.get('location') ?? at;
  const mark = next.includes('?') ? '&' : '?';
  await client.expect([201], 'PUT', `${next}${mark}digest=${blob.digest}`);
}

it('slow clients are cut, others do not notice, and what was uploaded is there', async () => {
  const half = await uploadHalf();
  await attackInAllWays();
  // The last ones are still being accepted.
  await expect.poll(heldConnections).toBeGreaterThan(2 * OF_EACH_KIND);
  const deadline = performance.now() + CUT_MS;
  let rounds = 0;
  while ((await heldConnections()) > 0 && performance.now() < deadline) {
    const image = makeImage({ layers: 1 });
    await pushImage(client, REPOSITORY, image, `round-${rounds++}`);
    await pullAll(client, REPOSITORY, image.root.digest);
    await delay(500);
  }
  expect(await heldConnections()).toBe(0);
  expect(rounds).toBeGreaterThan(10);
  await finishUpload(half);
  expect(await pullBlob(client, REPOSITORY, blob.digest)).toEqual(blob.bytes);
}, 300_000);
