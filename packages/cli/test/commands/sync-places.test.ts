// Where the registries of a `sync` may send us: two servers of this machine stand for a network of ours.
import { parseUpstreamName } from '@portolan/mirror';
import { Tag } from '@portolan/oci';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { createSyncPlaces } from '../../src/commands/sync-places.ts';
import { readSyncRequest } from '../../src/commands/sync-request.ts';

const DIGEST = `sha256:${'0'.repeat(64)}`;

async function listen(address: string, answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((done) => server.listen(0, address, done));
  onTestFinished(() => {
    server.closeAllConnections();
    return new Promise((done) => server.close(() => done()));
  });
  return `${address}:${(server.address() as AddressInfo).port}`;
}

/** The head of an image whose registry sends us to another address. */
async function headBehindRedirect({ allowHost = [] as string[], networks = [] as string[] }) {
  const other = await listen('127.0.0.2', (_request, response) => {
    response.writeHead(200, { 'docker-content-digest': DIGEST, 'content-length': 2 }).end();
  });
  const named = await listen('127.0.0.1', (request, response) => {
    if (request.url === '/v2/') response.end('{}');
    else response.writeHead(307, { location: `http://${other}/elsewhere` }).end();
  });
  const name = `${named}/app:1`;
  const to = join(tmpdir(), 'portolan-nowhere');
  const options = { src: 'docker', dest: 'dir', allowHost };
  const request = readSyncRequest(options, [name, to], { os: 'linux', architecture: 'amd64' });
  const places = createSyncPlaces({
    request,
    allowedNetworks: networks,
    environment: {},
    files: { authFiles: [], isAuthFileNamed: false, certDirectories: [] },
    findLogin: async () => undefined,
    owner: { pid: process.pid, host: 'here' },
    clock: Date.now,
    random: () => 0.5,
    sleep: async () => undefined,
  });
  onTestFinished(() => places.close());
  const source = await places.openUpstream(parseUpstreamName(name), undefined);
  return source.head({ kind: 'tag', tag: Tag.parse('1') }, new AbortController().signal);
}

it('a named registry sends us nowhere else in networks of ours', async () => {
  await expect(headBehindRedirect({})).rejects.toMatchObject({ code: 'egress-refused' });
});

it.each([
  ['to a host that was named beside it', { allowHost: ['127.0.0.2'] }],
  ['into a network that the settings allow', { networks: ['127.0.0.0/8'] }],
])('but %s', async (_where, allowed) => {
  expect(await headBehindRedirect(allowed)).toMatchObject({ digest: DIGEST });
});
