import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOf, errorCode, pushBlob } from '../../support/content.ts';
import { startRegistry, type TestRegistry } from '../../support/start-registry.ts';

const NAME = 'team/app';
const BYTES = Buffer.from('0123456789'.repeat(100));
const LARGE = Buffer.alloc(3_000_000, 'portolan');

let registry: TestRegistry;
let digest: string;
let headers: { authorization: string };

beforeAll(async () => {
  registry = await startRegistry();
  digest = await pushBlob(registry, NAME, BYTES);
  headers = await registry.headersFor(NAME, 'pull');
});

afterAll(() => registry.close());

const blob = (extra: object = {}, path = `/v2/${NAME}/blobs/${digest}`) =>
  registry.request(path, { headers: { ...headers, ...extra } });

describe('GET blob', () => {
  it('serves the bytes with digest, length and ETag', async () => {
    const answer = await blob();
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual(BYTES);
    expect(answer.headers).toMatchObject({
      'docker-content-digest': digest,
      'content-length': '1000',
      'content-type': 'application/octet-stream',
      'accept-ranges': 'bytes',
      etag: `"${digest}"`,
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox",
      'docker-distribution-api-version': 'registry/2.0',
    });
  });

  it('accepts a digest with an encoded colon', async () => {
    const answer = await blob({}, `/v2/${NAME}/blobs/${digest.replace(':', '%3A')}`);
    expect(answer.status).toBe(200);
  });

  it.each([
    ['bytes=0-9', 206, 'bytes 0-9/1000', '0123456789'],
    ['bytes=995-', 206, 'bytes 995-999/1000', '56789'],
    ['bytes=-3', 206, 'bytes 997-999/1000', '789'],
    ['bytes=990-5000', 206, 'bytes 990-999/1000', '0123456789'],
    ['bytes=-5000', 206, 'bytes 0-999/1000', BYTES.toString()],
    ['bytes=5000-', 416, 'bytes */1000', undefined],
    ['bytes=500-0', 416, 'bytes */1000', undefined],
    ['bytes=-0', 416, 'bytes */1000', undefined],
    ['bytes=0-1,4-5', 200, undefined, BYTES.toString()],
    ['lines=0-1', 200, undefined, BYTES.toString()],
    ['bytes=a-b', 200, undefined, BYTES.toString()],
  ])('answers Range %s with %i', async (range, status, contentRange, body) => {
    const answer = await blob({ range });
    expect(answer.status).toBe(status);
    expect(answer.headers['content-range']).toBe(contentRange);
    if (body === undefined) expect(errorCode(answer)).toBe('SIZE_INVALID');
    else expect(answer.body.toString()).toBe(body);
  });

  it.each([
    ['of the same blob', () => `"${digest}"`, 206],
    ['of another one', () => `"${digestOf('other')}"`, 200],
    ['with a date', () => 'Mon, 01 Jan 2026 00:00:00 GMT', 200],
  ])('honours a range under If-Range %s', async (_, ifRange, status) => {
    expect((await blob({ range: 'bytes=0-9', 'if-range': ifRange() })).status).toBe(status);
  });

  it('answers 304 when the client has the blob', async () => {
    const answer = await blob({ 'if-none-match': `"x", W/"${digest}"` });
    expect(answer.status).toBe(304);
    expect(answer.headers.etag).toBe(`"${digest}"`);
    expect(answer.body.length).toBe(0);
  });

  it.each([
    ['unknown', () => digestOf('nothing'), 404, 'BLOB_UNKNOWN'],
    ['malformed', () => 'sha256:baddigeststring', 400, 'DIGEST_INVALID'],
    ['of another algorithm', () => `blake3:${'a'.repeat(64)}`, 400, 'DIGEST_INVALID'],
    ['in upper case', () => digest.toUpperCase(), 400, 'DIGEST_INVALID'],
    ['a path', () => '..%2f..%2fetc%2fpasswd', 400, 'DIGEST_INVALID'],
  ])('refuses a digest that is %s', async (_, wanted, status, code) => {
    const answer = await blob({}, `/v2/${NAME}/blobs/${wanted()}`);
    expect(answer.status).toBe(status);
    expect(errorCode(answer)).toBe(code);
    const body: unknown = JSON.parse(answer.body.toString());
    const requestId = answer.headers['x-request-id'];
    expect(body).toMatchObject({ errors: [{ detail: { requestId, hint: expect.any(String) } }] });
  });

  it('hides a blob of another repository', async () => {
    const other = await registry.headersFor('team/other', 'pull');
    const answer = await registry.request(`/v2/team/other/blobs/${digest}`, { headers: other });
    expect(answer.status).toBe(404);
  });

  it('streams a large blob whole and in part', async () => {
    const large = await pushBlob(registry, NAME, LARGE);
    const path = `/v2/${NAME}/blobs/${large}`;
    expect((await blob({}, path)).body.equals(LARGE)).toBe(true);
    const part = await blob({ range: 'bytes=1000000-2500000' }, path);
    expect(part.body.equals(LARGE.subarray(1_000_000, 2_500_001))).toBe(true);
    expect(part.headers['content-length']).toBe('1500001');
  });
});

describe('HEAD blob', () => {
  it('gives the headers of the GET', async () => {
    const answer = await registry.request(`/v2/${NAME}/blobs/${digest}`, {
      method: 'HEAD',
      headers,
    });
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({
      'content-length': '1000',
      'docker-content-digest': digest,
      etag: `"${digest}"`,
    });
  });

  it('answers a refusal without a body', async () => {
    const answer = await registry.request(`/v2/${NAME}/blobs/${digestOf('nothing')}`, {
      method: 'HEAD',
      headers,
    });
    expect(answer.status).toBe(404);
    expect(answer.body.length).toBe(0);
    expect(answer.headers['content-type']).toBe('application/json');
  });
});

describe('DELETE blob', () => {
  it('takes effect at once', async () => {
    const gone = await pushBlob(registry, NAME, Buffer.from('to be deleted'));
    const path = `/v2/${NAME}/blobs/${gone}`;
    const all = await registry.headersFor(NAME);
    const answer = await registry.request(path, { method: 'DELETE', headers: all });
    expect(answer.status).toBe(202);
    expect(answer.headers['content-length']).toBe('0');
    expect(answer.body.length).toBe(0);
    expect((await registry.request(path, { method: 'HEAD', headers })).status).toBe(404);
    const again = await registry.request(path, { method: 'DELETE', headers: all });
    expect(again.status).toBe(404);
    expect(errorCode(again)).toBe('BLOB_UNKNOWN');
  });
});
