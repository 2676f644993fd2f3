import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST } from '@portolan/oci';
import {
  artifact,
  digestOf,
  EMPTY_CONFIG,
  errorCode,
  index,
  pushArtifact,
  pushBlob,
  pushManifest,
} from '../../support/content.ts';
import type { RequestOptions } from '../../support/http-request.ts';
import { startRegistry, type TestRegistry } from '../../support/start-registry.ts';

const NAME = 'team/app';
const BODY = artifact();
const DIGEST = digestOf(BODY);
const at = (reference: string, name = NAME) => `/v2/${name}/manifests/${reference}`;

let registry: TestRegistry;
let headers: { authorization: string };

beforeAll(async () => {
  registry = await startRegistry();
  headers = await registry.headersFor(NAME);
  await pushArtifact(registry, NAME, 'latest');
});

afterAll(() => registry.close());

function send(method: string, path: string, options: RequestOptions = {}) {
  return registry.request(path, {
    ...options,
    method,
    headers: { ...headers, ...options.headers },
  });
}

function put(reference: string, body: Buffer, extra: object = {}) {
  const type = { 'content-type': OCI_MANIFEST };
  return send('PUT', at(reference), { body, headers: { ...type, ...extra } });
}

describe('GET and HEAD manifest', () => {
  it.each(['latest', DIGEST])('serves the pushed bytes at %s', async (reference) => {
    const get = await send('GET', at(reference));
    const head = await send('HEAD', at(reference));
    expect(get.body.equals(BODY)).toBe(true);
    expect(head.body.length).toBe(0);
    for (const answer of [get, head]) {
      expect(answer.status).toBe(200);
      expect(answer.headers).toMatchObject({
        'content-type': OCI_MANIFEST,
        'content-length': String(BODY.length),
        'docker-content-digest': DIGEST,
        etag: `"${DIGEST}"`,
        'x-content-type-options': 'nosniff',
      });
    }
  });

  it('serves the stored type whatever is accepted', async () => {
    const answer = await send('GET', at('latest'), { headers: { accept: 'text/html' } });
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe(OCI_MANIFEST);
  });

  it.each(['GET', 'HEAD'])('answers 304 to a %s of what the client has', async (method) => {
    const answer = await send(method, at('latest'), {
      headers: { 'if-none-match': `"${DIGEST}"` },
    });
    expect(answer.status).toBe(304);
    expect(answer.headers['docker-content-digest']).toBe(DIGEST);
    expect(answer.body.length).toBe(0);
  });

  it.each([
    ['nothing', 404, 'MANIFEST_UNKNOWN'],
    ['.INVALID_MANIFEST_NAME', 404, 'MANIFEST_UNKNOWN'],
    ['a'.repeat(129), 404, 'MANIFEST_UNKNOWN'],
    [digestOf('nothing'), 404, 'MANIFEST_UNKNOWN'],
    ['sha256:baddigeststring', 400, 'DIGEST_INVALID'],
    [`sha256:${'A'.repeat(64)}`, 400, 'DIGEST_INVALID'],
  ])('refuses %s', async (reference, status, code) => {
    const answer = await send('GET', at(reference));
    expect(answer.status).toBe(status);
    expect(errorCode(answer)).toBe(code);
    expect((await send('HEAD', at(reference))).status).toBe(status);
  });
});

async function errorOf(name: string, reference: string) {
  const answer = await registry.request(at(reference, name), {
    headers: await registry.headersFor(name),
  });
  const { errors } = JSON.parse(answer.body.toString()) as {
    errors: readonly { readonly message: string; readonly detail: object }[];
  };
  return { status: answer.status, error: errors[0] };
}

describe('a child that an index here names, and that was left out', () => {
  const CHILD = digestOf('another platform');
  const SPARSE = 'sparse/app';
  const child = { mediaType: OCI_MANIFEST, digest: CHILD, size: 16 };

  beforeAll(async () => {
    const { namespaces } = registry.storage;
    await namespaces.create({ name: 'sparse' }, 'tester');
    await namespaces.set('sparse', { allowsSparseIndexes: true }, 'tester');
    await pushManifest(registry, SPARSE, 'latest', index({ manifests: [child] }));
  });

  it('is said to be no platform that is mirrored', async () => {
    expect(await errorOf(SPARSE, CHILD)).toMatchObject({
      status: 404,
      error: {
        code: 'MANIFEST_UNKNOWN',
        message: expect.stringContaining('this platform of its image is not mirrored'),
        detail: { reference: CHILD, hint: expect.stringContaining('ask the operator') },
      },
    });
  });

  it.each([
    ['another digest', SPARSE, digestOf('nothing')],
    ['the same digest in another repository', NAME, CHILD],
  ])('is not meant by %s', async (_, name, digest) => {
    expect((await errorOf(name, digest)).error?.message).toBe(
      'manifest unknown to this repository',
    );
  });
});

describe('PUT manifest', () => {
  it.each(['by-tag', DIGEST])('stores it under %s', async (reference) => {
    const answer = await put(reference, BODY);
    expect(answer.status).toBe(201);
    expect(answer.body.length).toBe(0);
    expect(answer.headers.location).toBe(at(DIGEST));
    expect(answer.headers['docker-content-digest']).toBe(DIGEST);
    expect((await send('GET', answer.headers.location ?? '')).body.equals(BODY)).toBe(true);
  });

  it('stores it under its sha512, with tags', async () => {
    const digest = digestOf(BODY, 'sha512');
    const answer = await send('PUT', `${at(digest)}?tag=s1&tag=s2,s3`, {
      body: BODY,
      headers: { 'content-type': OCI_MANIFEST },
    });
    expect(answer.status).toBe(201);
    expect(answer.headers['docker-content-digest']).toBe(digest);
    expect(answer.distinct['oci-tag']).toEqual(['s1', 's2', 's3']);
    for (const tag of ['s1', 's2', 's3']) {
      const head = await send('HEAD', at(tag));
      expect(head.headers['docker-content-digest']).toBe(digest);
    }
  });

  it('takes Docker types and indexes with parameters on the type', async () => {
    const docker = artifact({ mediaType: DOCKER_MANIFEST });
    const type = `${DOCKER_MANIFEST}; charset=utf-8`;
    expect((await put('docker', docker, { 'content-type': type })).status).toBe(201);
    const get = await send('GET', at('docker'));
    expect(get.headers['content-type']).toBe(DOCKER_MANIFEST);
    expect((await pushManifest(registry, NAME, 'index', index())).status).toBe(201);
    expect((await send('GET', at('index'))).headers['content-type']).toBe(OCI_INDEX);
  });

  it('infers a type that is not given', async () => {
    const answer = await send('PUT', at('untyped'), { body: artifact({ mediaType: undefined }) });
    expect(answer.status).toBe(201);
    expect((await send('HEAD', at('untyped'))).headers['content-type']).toBe(OCI_MANIFEST);
  });

  it('says that it knows the subject, which may be absent', async () => {
    const subject = { mediaType: OCI_MANIFEST, digest: digestOf('absent'), size: 6 };
    const answer = await put('with-subject', artifact({ subject }));
    expect(answer.status).toBe(201);
    expect(answer.headers['oci-subject']).toBe(subject.digest);
  });

  it('takes almost 4 MiB, also streamed', async () => {
    const body = artifact({ annotations: { a: 'x'.repeat(3_900_000) } });
    expect((await put('large', body)).status).toBe(201);
    const chunks = [body.subarray(0, 2_000_000), body.subarray(2_000_000)];
    const streamed = await send('PUT', at('large'), {
      chunks,
      headers: { 'content-type': OCI_MANIFEST },
    });
    expect(streamed.status).toBe(201);
  });

  it('refuses more than 4 MiB, announced or not', async () => {
    const body = artifact({ annotations: { a: 'x'.repeat(4_300_000) } });
    const announced = await put('too-large', body);
    expect(announced.status).toBe(413);
    expect(errorCode(announced)).toBe('SIZE_INVALID');
    const streamed = await send('PUT', at('too-large'), { chunks: [body] });
    expect(streamed.status).toBe(413);
  });

  const layer = { mediaType: 'application/x', digest: digestOf('absent'), size: 6 };

  it.each([
    ['no JSON', Buffer.from('nonsense'), 400, 'MANIFEST_INVALID'],
    ['nothing', Buffer.alloc(0), 400, 'MANIFEST_INVALID'],
    ['another type inside', index(), 400, 'MANIFEST_INVALID'],
    ['a layer that is absent', artifact({ layers: [layer] }), 400, 'MANIFEST_BLOB_UNKNOWN'],
    ['too deep a nest', Buffer.from('['.repeat(1e5)), 400, 'MANIFEST_INVALID'],
  ])('refuses %s', async (_, body, status, code) => {
    const answer = await put('refused', body);
    expect(answer.status).toBe(status);
    expect(errorCode(answer)).toBe(code);
    expect((await send('HEAD', at('refused'))).status).toBe(404);
  });

  it('refuses a body that differs from the digest in the URL', async () => {
    const answer = await put(digestOf('other'), BODY);
    expect(answer.status).toBe(400);
    expect(errorCode(answer)).toBe('DIGEST_INVALID');
  });

  it.each([
    ['.hidden', 400, 'MANIFEST_INVALID'],
    ['sha256:bad', 400, 'DIGEST_INVALID'],
    [`ok?tag=.bad`, 400, 'MANIFEST_INVALID'],
    [`ok?tag=`, 400, 'MANIFEST_INVALID'],
    [`ok?tag=${Array.from({ length: 101 }, (_, i) => `t${i}`).join(',')}`, 414, 'UNSUPPORTED'],
  ])('refuses the reference %s', async (reference, status, code) => {
    const answer = await put(reference, BODY);
    expect(answer.status).toBe(status);
    expect(errorCode(answer)).toBe(code);
  });

  it.each([
    ['the current digest', () => `"${DIGEST}"`, 201],
    ['one of several', () => `"${digestOf('x')}", "${DIGEST}"`, 201],
    ['anything', () => '*', 201],
    ['another digest', () => `"${digestOf('x')}"`, 412],
    ['a weak tag', () => `W/"${DIGEST}"`, 412],
  ])('honours If-Match with %s', async (_, ifMatch, status) => {
    const answer = await put('latest', BODY, { 'if-match': ifMatch() });
    expect(answer.status).toBe(status);
  });

  it('refuses If-Match * on a tag that is not there', async () => {
    expect((await put('absent', BODY, { 'if-match': '*' })).status).toBe(412);
  });
});

describe('DELETE manifest', () => {
  it('takes one tag and leaves its siblings', async () => {
    await put('one', BODY);
    await put('two', BODY);
    const answer = await send('DELETE', at('one'));
    expect(answer.status).toBe(202);
    expect(answer.headers['content-length']).toBe('0');
    expect((await send('HEAD', at('one'))).status).toBe(404);
    expect((await send('HEAD', at('two'))).status).toBe(200);
  });

  it('takes a digest with every tag on it', async () => {
    const body = artifact({ annotations: { for: 'deletion' } });
    await put('a', body);
    await put('b', body);
    expect((await send('DELETE', at(digestOf(body)))).status).toBe(202);
    for (const reference of ['a', 'b', digestOf(body)]) {
      expect((await send('HEAD', at(reference))).status).toBe(404);
      expect((await send('DELETE', at(reference))).status).toBe(404);
    }
  });

  it('needs the delete action', async () => {
    const pushOnly = await registry.headersFor(NAME, 'pull', 'push');
    const answer = await send('DELETE', at('latest'), { headers: pushOnly });
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toContain(`scope="repository:${NAME}:delete"`);
  });
});

it('keeps repositories whose names hold the words of the API', async () => {
  const name = 'blobs/uploads/manifests/tags';
  await pushBlob(registry, name, EMPTY_CONFIG);
  await pushArtifact(registry, name, 'list');
  const own = await registry.headersFor(name, 'pull');
  const get = await registry.request(at('list', name), { headers: own });
  expect(get.status).toBe(200);
  const tags = await registry.request(`/v2/${name}/tags/list`, { headers: own });
  expect(JSON.parse(tags.body.toString())).toEqual({ name, tags: ['list'] });
});
