import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOf, errorCode, pushBlob } from '../../support/content.ts';
import type { RequestOptions } from '../../support/http-request.ts';
import { startRegistry, type TestRegistry } from '../../support/start-registry.ts';
import { repositoryAccess } from '../../support/tokens.ts';

const NAME = 'team/app';
const UPLOADS = `/v2/${NAME}/blobs/uploads/`;
const BYTES = Buffer.from('some layer bytes');

let registry: TestRegistry;
let headers: { authorization: string };

beforeAll(async () => {
  registry = await startRegistry();
  headers = await registry.headersFor(NAME, 'pull', 'push');
});

afterAll(() => registry.close());

function send(method: string, path: string, options: RequestOptions = {}) {
  return registry.request(path, {
    ...options,
    method,
    headers: { ...headers, ...options.headers },
  });
}

async function begin(query = ''): Promise<string> {
  const answer = await send('POST', `${UPLOADS}${query}`);
  expect(answer.status).toBe(202);
  return answer.headers.location ?? '';
}

async function expectBlob(bytes: Buffer, digest: string = digestOf(bytes)): Promise<void> {
  const answer = await send('GET', `/v2/${NAME}/blobs/${digest}`);
  expect(answer.status).toBe(200);
  expect(answer.body.equals(bytes)).toBe(true);
}

describe('POST uploads', () => {
  it.each(['', '?digest-algorithm=sha512', '?digest-algorithm=sha256'])(
    'begins a session with "%s"',
    async (query) => {
      const answer = await send('POST', `${UPLOADS}${query}`);
      expect(answer.status).toBe(202);
      expect(answer.body.length).toBe(0);
      expect(answer.headers['content-length']).toBe('0');
      expect(answer.headers['content-type']).toBeUndefined();
      expect(answer.headers.location).toMatch(/^\/v2\/team\/app\/blobs\/uploads\/[0-9a-f]{32}$/);
      expect(answer.headers.range).toBe('0-0');
      expect(answer.headers['docker-upload-uuid']).toMatch(/^[0-9a-f]{32}$/);
    },
  );

  it('begins one without the slash at the end', async () => {
    expect((await send('POST', UPLOADS.slice(0, -1))).status).toBe(202);
  });

  it.each([
    ['?digest-algorithm=md5', 'DIGEST_INVALID'],
    ['?digest=sha256:baddigeststring', 'DIGEST_INVALID'],
    ['?digest=', 'DIGEST_INVALID'],
    ['?mount=nonsense', 'DIGEST_INVALID'],
  ])('refuses %s', async (query, code) => {
    const answer = await send('POST', `${UPLOADS}${query}`);
    expect(answer.status).toBe(400);
    expect(errorCode(answer)).toBe(code);
  });

  it.each(['sha256', 'sha512'] as const)('takes a whole blob with its %s', async (algorithm) => {
    const bytes = Buffer.from(`one request, ${algorithm}`);
    const digest = digestOf(bytes, algorithm);
    const answer = await send('POST', `${UPLOADS}?digest=${digest}`, { body: bytes });
    expect(answer.status).toBe(201);
    expect(answer.headers.location).toBe(`/v2/${NAME}/blobs/${digest}`);
    expect(answer.headers['docker-content-digest']).toBe(digest);
    await expectBlob(bytes, digest);
  });

  it('takes the empty blob', async () => {
    const empty = Buffer.alloc(0);
    const path = `${UPLOADS}?digest=${digestOf(empty)}`;
    expect((await send('POST', path, { body: empty })).status).toBe(201);
    await expectBlob(empty);
  });

  it('refuses a whole blob with a wrong digest', async () => {
    const path = `${UPLOADS}?digest=${digestOf('other')}`;
    const answer = await send('POST', path, { body: BYTES });
    expect(answer.status).toBe(400);
    expect(errorCode(answer)).toBe('DIGEST_INVALID');
    expect((await send('HEAD', `/v2/${NAME}/blobs/${digestOf('other')}`)).status).toBe(404);
  });
});

async function mount(target: string, query: string, ...sources: string[]) {
  const access = [
    repositoryAccess(target, 'pull', 'push'),
    ...sources.map((source) => repositoryAccess(source, 'pull')),
  ];
  const authorization = `Bearer ${await registry.sign({ access })}`;
  return registry.request(`/v2/${target}/blobs/uploads/?${query}`, {
    method: 'POST',
    headers: { authorization },
  });
}

describe('POST uploads with mount', () => {
  const SOURCE = 'team/source';
  const mounted = Buffer.from('mounted');
  let digest: string;

  beforeAll(async () => {
    digest = await pushBlob(registry, SOURCE, mounted);
  });

  it.each([
    ['with from', 'team/a', () => `mount=${digest}&from=${SOURCE}`],
    ['without from', 'team/b', () => `mount=${digest}`],
  ])('links the blob %s', async (_, target, query) => {
    const answer = await mount(target, query(), SOURCE);
    expect(answer.status).toBe(201);
    expect(answer.headers.location).toBe(`/v2/${target}/blobs/${digest}`);
    expect(answer.headers['docker-content-digest']).toBe(digest);
    const there = await registry.request(`/v2/${target}/blobs/${digest}`, {
      headers: await registry.headersFor(target, 'pull'),
    });
    expect(there.body).toEqual(mounted);
  });

  it('falls back in the same way whatever the cause', async () => {
    const cases = await Promise.all([
      mount('team/c', `mount=${digest}&from=${SOURCE}`),
      mount('team/c', `mount=${digest}&from=team/absent`),
      mount('team/c', `mount=${digest}&from=team/absent`, 'team/absent'),
      mount('team/c', `mount=${digestOf('nothing')}&from=${SOURCE}`, SOURCE),
      mount('team/c', `mount=${digest}&from=BAD%2F..`),
      mount('team/c', `mount=${digest}`),
    ]);
    for (const answer of cases) {
      expect(answer.status).toBe(202);
      expect(answer.body.length).toBe(0);
      expect(Object.keys(answer.headers)).toEqual(Object.keys(cases[0]?.headers ?? {}));
    }
  });
});

describe('an upload', () => {
  it('takes chunks and tells how far it is', async () => {
    const location = await begin();
    const first = await send('PATCH', location, {
      body: BYTES.subarray(0, 5),
      headers: { 'content-range': '0-4' },
    });
    expect(first.status).toBe(202);
    expect(first.headers.range).toBe('0-4');
    expect(first.headers.location).toBe(location);
    const status = await send('GET', location);
    expect(status.status).toBe(204);
    expect(status.headers.range).toBe('0-4');
    expect(status.headers.location).toBe(location);
    const range = `5-${BYTES.length - 1}`;
    const last = await send('PUT', `${location}?digest=${digestOf(BYTES)}`, {
      body: BYTES.subarray(5),
      headers: { 'content-range': range },
    });
    expect(last.status).toBe(201);
    expect(last.headers.location).toBe(`/v2/${NAME}/blobs/${digestOf(BYTES)}`);
    expect(last.headers['docker-content-digest']).toBe(digestOf(BYTES));
    await expectBlob(BYTES);
    expect((await send('GET', location)).status).toBe(404);
  });

  it('takes a stream without ranges', async () => {
    const bytes = Buffer.alloc(3_000_000, 'stream');
    const location = await begin();
    const pieces = Array.from({ length: 30 }, (_, i) => bytes.subarray(i * 1e5, (i + 1) * 1e5));
    const patch = await send('PATCH', location, { chunks: pieces });
    expect(patch.status).toBe(202);
    expect(patch.headers.range).toBe('0-2999999');
    const put = await send('PUT', `${location}?digest=${digestOf(bytes)}`);
    expect(put.status).toBe(201);
    await expectBlob(bytes);
  });

  it.each(['sha256', 'sha512'] as const)(
    'takes everything in the PUT, as %s',
    async (algorithm) => {
      const bytes = Buffer.from(`in the PUT, ${algorithm}`);
      const digest = digestOf(bytes, algorithm);
      const put = await send('PUT', `${await begin()}?digest=${digest}`, { body: bytes });
      expect(put.status).toBe(201);
      await expectBlob(bytes, digest);
    },
  );

  it.each(['PATCH', 'PUT'])('survives a %s out of order', async (method) => {
    const location = await begin();
    const body = BYTES.subarray(0, 5);
    await send('PATCH', location, { body, headers: { 'content-range': '0-4' } });
    for (const contentRange of ['0-4', '6-10', '100-104']) {
      const answer = await send(method, `${location}?digest=${digestOf(BYTES)}`, {
        body,
        headers: { 'content-range': contentRange },
      });
      expect(answer.status).toBe(416);
      expect(errorCode(answer)).toBe('BLOB_UPLOAD_INVALID');
      expect(answer.headers.range).toBe('0-4');
      expect(answer.headers.location).toBe(location);
    }
    await send('PATCH', location, {
      body: BYTES.subarray(5),
      headers: { 'content-range': `5-${BYTES.length - 1}` },
    });
    expect((await send('PUT', `${location}?digest=${digestOf(BYTES)}`)).status).toBe(201);
  });

  it.each([
    ['bytes 0-4', 'BLOB_UPLOAD_INVALID'],
    ['bytes=0-4', 'BLOB_UPLOAD_INVALID'],
    ['0-4/5', 'BLOB_UPLOAD_INVALID'],
    ['*/5', 'BLOB_UPLOAD_INVALID'],
    ['4-0', 'BLOB_UPLOAD_INVALID'],
    ['-4', 'BLOB_UPLOAD_INVALID'],
    ['0-5', 'SIZE_INVALID'],
    ['0-3', 'SIZE_INVALID'],
  ])('refuses Content-Range %s over five bytes', async (contentRange, code) => {
    const location = await begin();
    const answer = await send('PATCH', location, {
      body: BYTES.subarray(0, 5),
      headers: { 'content-range': contentRange },
    });
    expect(answer.status).toBe(400);
    expect(errorCode(answer)).toBe(code);
    expect((await send('GET', location)).headers.range).toBe('0-0');
  });

  it.each([
    ['', 'DIGEST_INVALID'],
    ['?digest=sha256:x', 'DIGEST_INVALID'],
    [`?digest=blake3:${'a'.repeat(64)}`, 'DIGEST_INVALID'],
  ])('cannot be finished with "%s", and lives on', async (query, code) => {
    const location = await begin();
    const answer = await send('PUT', `${location}${query}`);
    expect(answer.status).toBe(400);
    expect(errorCode(answer)).toBe(code);
    expect((await send('GET', location)).status).toBe(204);
  });

  it('is gone after a wrong digest', async () => {
    const location = await begin();
    const answer = await send('PUT', `${location}?digest=${digestOf('x')}`, { body: BYTES });
    expect(answer.status).toBe(400);
    expect(errorCode(answer)).toBe('DIGEST_INVALID');
    expect((await send('GET', location)).status).toBe(404);
  });

  it('is cancelled by DELETE with push alone', async () => {
    const location = await begin();
    const answer = await send('DELETE', location);
    expect(answer.status).toBe(204);
    expect((await send('DELETE', location)).status).toBe(404);
    expect(errorCode(await send('PATCH', location, { body: BYTES }))).toBe('BLOB_UPLOAD_UNKNOWN');
  });

  it.each([
    ['an id that is none', () => Promise.resolve(`${UPLOADS}nothing`)],
    ['another repository', async () => (await begin()).replace('team/app', 'team/other')],
  ])('is unknown under %s', async (_, location) => {
    const access = [repositoryAccess(NAME, 'push'), repositoryAccess('team/other', 'push')];
    const authorization = `Bearer ${await registry.sign({ access })}`;
    const answer = await send('GET', await location(), { headers: { authorization } });
    expect(answer.status).toBe(404);
    expect(errorCode(answer)).toBe('BLOB_UPLOAD_UNKNOWN');
  });

  it('is unknown to another subject', async () => {
    const access = [repositoryAccess(NAME, 'push')];
    const authorization = `Bearer ${await registry.sign({ subject: 'mallory', access })}`;
    const answer = await send('GET', await begin(), { headers: { authorization } });
    expect(answer.status).toBe(404);
  });
});

describe('an upload that outlasts its token', () => {
  const access = [repositoryAccess(NAME, 'pull', 'push')];
  const HOUR = 3600;

  async function expired(hoursAgo: number, subject = 'alice') {
    const issuedAt = Math.floor(registry.time.now / 1000) - hoursAgo * HOUR;
    return { authorization: `Bearer ${await registry.sign({ subject, access, issuedAt })}` };
  }

  it('is finished by the same subject', async () => {
    const bytes = Buffer.from('slow line');
    const location = await begin();
    const old = { headers: await expired(2) };
    expect((await send('PATCH', location, { ...old, body: bytes })).status).toBe(202);
    expect((await send('GET', location, old)).status).toBe(204);
    const put = await send('PUT', `${location}?digest=${digestOf(bytes)}`, old);
    expect(put.status).toBe(201);
  });

  it.each([
    ['by another subject', () => begin(), () => expired(2, 'mallory'), 'GET'],
    ['after a day', () => begin(), () => expired(25), 'GET'],
    ['when it is unknown', async () => `${UPLOADS}${'0'.repeat(32)}`, () => expired(2), 'GET'],
    ['on another route', async () => UPLOADS, () => expired(2), 'POST'],
  ])('is refused with an expired token %s', async (_, location, old, method) => {
    const answer = await send(method, await location(), { headers: await old() });
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toContain('error="invalid_token"');
  });

  it('is refused to an expired anonymous token', async () => {
    const fresh = `Bearer ${await registry.sign({ subject: '', access })}`;
    const start = await send('POST', UPLOADS, { headers: { authorization: fresh } });
    const answer = await send('GET', start.headers.location ?? '', {
      headers: await expired(2, ''),
    });
    expect(answer.status).toBe(401);
  });
});
