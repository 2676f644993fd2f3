// The moment between the last check of a token and the transaction that its request makes: what happens
// in there is made to happen by the store that the registry is given.
import type { AccessStamp } from '@portolan/oci';
import type { ContentStores, Storage } from '@portolan/storage';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Answer, RequestOptions } from '../support/http-request.ts';
import { digestOf, errorCode, index } from '../support/content.ts';
import { startRegistry, type TestRegistry } from '../support/start-registry.ts';
import { repositoryAccess } from '../support/tokens.ts';

const NAME = 'team/app';
const SOURCE = 'shared/base';
const ACTOR = 'test';
const BLOB = Buffer.from('the bytes of a layer');

let registry: TestRegistry;
let meanwhile: () => Promise<unknown>;

async function after<T>(write: () => Promise<T>): Promise<T> {
  await meanwhile();
  return await write();
}

/** Stores that let `meanwhile` happen before each write of theirs. */
function interrupted({ manifests, uploads, blobs, ...rest }: Storage): ContentStores {
  return {
    ...rest,
    manifests: { ...manifests, put: (...of) => after(() => manifests.put(...of)) },
    uploads: { ...uploads, commit: (...of) => after(() => uploads.commit(...of)) },
    blobs: { ...blobs, mount: (...of) => after(() => blobs.mount(...of)) },
  };
}

beforeAll(async () => {
  registry = await startRegistry({
    stamps: { isCurrent: (stamp) => registry.storage.stamps.isCurrent(stamp) },
    content: interrupted,
  });
});

afterAll(() => registry.close());

beforeEach(async () => {
  meanwhile = async () => undefined;
  const { namespaces } = registry.storage;
  for (const name of ['team', 'shared']) {
    if ((await namespaces.find(name)) !== undefined) await namespaces.delete(name, true, ACTOR);
    await namespaces.create({ name, visibility: 'public' }, ACTOR);
  }
});

async function stampOf(...names: string[]): Promise<AccessStamp> {
  const namespaces: Record<string, [number, number]> = {};
  for (const name of names) {
    const found = await registry.storage.namespaces.find(name);
    if (found !== undefined) namespaces[name] = [found.id, found.generation];
  }
  return { namespaces };
}

type Headers = { readonly authorization: string };

async function headersWith(stamp: AccessStamp): Promise<Headers> {
  const access = [NAME, SOURCE].map((name) => repositoryAccess(name, 'pull', 'push'));
  return { authorization: `Bearer ${await registry.sign({ access, stamp })}` };
}

async function stampedHeaders(): Promise<Headers> {
  return await headersWith(await stampOf('team', 'shared'));
}

async function beginUpload(headers: Headers): Promise<string> {
  const path = `/v2/${NAME}/blobs/uploads/`;
  return (await registry.request(path, { method: 'POST', headers })).headers.location ?? '';
}

type Write = { readonly path: string } & Pick<RequestOptions, 'method' | 'body'>;

const WRITES: Record<string, (headers: Headers) => Promise<Write>> = {
  'a manifest': async () => ({
    method: 'PUT',
    path: `/v2/${NAME}/manifests/latest`,
    body: index(),
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
  'a mount': async (headers) => {
    await registry.request(`/v2/${SOURCE}/blobs/uploads/?digest=${digestOf(BLOB)}`, {
      method: 'POST',
      headers,
      body: BLOB,
    });
    const query = `mount=${digestOf(BLOB)}&from=${SOURCE}`;
    return { method: 'POST', path: `/v2/${NAME}/blobs/uploads/?${query}` };
  },
};

const namespaces = () => registry.storage.namespaces;

const WITHDRAWS: Record<string, () => Promise<unknown>> = {
  'the namespace is deleted': () => namespaces().delete('team', true, ACTOR),
  'the namespace is deleted and made again': async () => {
    await namespaces().delete('team', true, ACTOR);
    await namespaces().create({ name: 'team', visibility: 'public' }, ACTOR);
  },
  'a right on it is withdrawn': () => namespaces().set('team', { visibility: 'private' }, ACTOR),
  'it becomes a mirror': () => namespaces().ensureMirror('team', ACTOR),
};

async function send(headers: Headers, { path, ...write }: Write): Promise<Answer> {
  return await registry.request(path, { ...write, headers });
}

describe.each(Object.entries(WRITES))('%s, at the last moment before its commit', (_, prepare) => {
  it.each(Object.entries(WITHDRAWS))('is refused when %s', async (_name, withdraw) => {
    const headers = await stampedHeaders();
    const write = await prepare(headers);
    let left: unknown;
    meanwhile = async () => {
      await withdraw();
      left = await namespaces().find('team');
    };
    const answer = await send(headers, write);
    expect([answer.status, errorCode(answer)]).toEqual([401, 'UNAUTHORIZED']);
    expect(answer.headers['www-authenticate']).toContain('error="invalid_token"');
    expect(await namespaces().find('team')).toEqual(left);
    // Nothing stays behind that a new token would find, and the old one learns no more.
    const path = `/v2/${NAME}/blobs/${digestOf(BLOB)}`;
    const wider = { headers: await registry.headersFor(NAME) };
    expect((await registry.request(path, { method: 'HEAD', ...wider })).status).toBe(404);
    expect((await registry.request(`/v2/${NAME}/tags/list`, wider)).status).toBe(404);
    expect((await send(headers, write)).status).toBe(401);
  });

  it('is taken when something else changes', async () => {
    const headers = await stampedHeaders();
    const write = await prepare(headers);
    meanwhile = () => namespaces().set('team', { allowsSparseIndexes: true }, ACTOR);
    expect((await send(headers, write)).status).toBe(201);
  });

  it('makes the namespace anew when its token hangs on none, as an administrator`s', async () => {
    const headers = await headersWith({ namespaces: {} });
    const write = await prepare(headers);
    meanwhile = () => namespaces().delete('team', true, ACTOR);
    expect((await send(headers, write)).status).toBe(201);
    expect(await namespaces().find('team')).toMatchObject({ visibility: 'private' });
  });
});

it('asks nothing of a stamp in the tokens of another token service', async () => {
  const foreign = await startRegistry();
  const access = [repositoryAccess(NAME, 'pull', 'push')];
  const token = await foreign.sign({ access, stamp: { namespaces: { team: [7, 7] } } });
  const answer = await foreign.request(`/v2/${NAME}/manifests/latest`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${token}` },
    body: index(),
  });
  await foreign.close();
  expect(answer.status).toBe(201);
});
