import { once } from 'node:events';
import http from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { Namespace } from '@portolan/storage';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { digestOf, EMPTY_CONFIG, index, pushBlob } from '../support/content.ts';
import { startRegistry, type TestRegistry } from '../support/start-registry.ts';
import { repositoryAccess } from '../support/tokens.ts';

const NAME = 'team/app';
const ACTOR = 'test';
const BLOB = Buffer.from('the bytes of a layer');
const INDEX = index();

let registry: TestRegistry;
let namespace: Namespace;

beforeAll(async () => {
  registry = await startRegistry({
    stamps: { isCurrent: (stamp) => registry.storage.stamps.isCurrent(stamp) },
  });
  await registry.storage.namespaces.create({ name: 'team' }, ACTOR);
});

afterAll(() => registry.close());

beforeEach(async () => {
  const { namespaces } = registry.storage;
  await namespaces.set('team', { visibility: 'public' }, ACTOR);
  const found = await namespaces.find('team');
  if (found === undefined) throw new Error('the namespace is missing');
  namespace = found;
});

async function stampedHeaders(): Promise<{ authorization: string }> {
  const token = await registry.sign({
    access: [repositoryAccess(NAME, 'pull', 'push', 'delete')],
    stamp: { namespaces: { team: [namespace.id, namespace.generation] } },
  });
  return { authorization: `Bearer ${token}` };
}

async function beginUpload(headers: http.OutgoingHttpHeaders): Promise<string> {
  const path = `/v2/${NAME}/blobs/uploads/`;
  return (await registry.request(path, { method: 'POST', headers })).headers.location ?? '';
}

interface Write {
  readonly method: string;
  readonly path: string;
  readonly body: Buffer;
}

const WRITES: Record<string, (headers: http.OutgoingHttpHeaders) => Promise<Write>> = {
  'a manifest': async () => ({
    method: 'PUT',
    path: `/v2/${NAME}/manifests/latest`,
    body: INDEX,
  }),
  'the end of an upload': async (headers) => ({
    method: 'PUT',
    path: `${await beginUpload(headers)}?digest=${digestOf(BLOB)}`,
    body: BLOB,
  }),
  'a blob in one request': async () => ({
    method: 'POST',
    path: `/v2/${NAME}/blobs/uploads/?digest=${digestOf(BLOB)}`,
    body: BLOB,
  }),
};

/** Sends all but the last byte, and that when `meanwhile` is over. */
async function sendSlowly(
  { method, path, body }: Write,
  headers: http.OutgoingHttpHeaders,
  meanwhile: () => Promise<unknown>,
): Promise<number | undefined> {
  const request = http.request({
    port: registry.port,
    method,
    path,
    headers: { ...headers, 'content-length': body.length },
    agent: false,
  });
  const answered = once(request, 'response');
  request.write(body.subarray(0, -1));
  await delay(100);
  await meanwhile();
  request.end(body.subarray(-1));
  const [response] = (await answered) as [http.IncomingMessage];
  response.resume();
  return response.statusCode;
}

/** What the writes would have left behind. */
async function contentOf(): Promise<number[]> {
  const headers = await registry.headersFor(NAME);
  const paths = [`/v2/${NAME}/manifests/latest`, `/v2/${NAME}/blobs/${digestOf(BLOB)}`];
  const answers = paths.map((path) => registry.request(path, { method: 'HEAD', headers }));
  return (await Promise.all(answers)).map(({ status }) => status);
}

describe.each(Object.entries(WRITES))('%s, whose body comes in slowly', (_, prepare) => {
  it('is refused when the right is withdrawn meanwhile', async () => {
    const headers = await stampedHeaders();
    const write = await prepare(headers);
    const status = await sendSlowly(write, headers, () =>
      registry.storage.namespaces.set('team', { visibility: 'private' }, ACTOR),
    );
    expect(status).toBe(401);
    expect(await contentOf()).toEqual([404, 404]);
  });
});

describe.each(Object.entries(WRITES))('%s, whose token expires meanwhile', (_, prepare) => {
  it('is taken', async () => {
    await pushBlob(registry, NAME, EMPTY_CONFIG);
    const headers = await stampedHeaders();
    const write = await prepare(headers);
    const status = await sendSlowly(write, headers, async () => {
      registry.time.now += 2000 * 1000;
    });
    expect(status).toBe(201);
  });
});
