// Views over the wire: what is the same as under the canonical name, and what is not.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOf, EMPTY_CONFIG, errorCode, pushArtifact } from '../support/content.ts';
import { startRegistry, type TestRegistry } from '../support/start-registry.ts';

const NAME = 'docker.io/library/busybox';
const HUB_HOST = { host: 'docker-io.registry.test' };
const SUBJECT = { mediaType: 'application/vnd.oci.image.manifest.v1+json', size: 2 };

type Shape = readonly [what: string, before: string, query: string, headers: { host?: string }];
const SHAPES: readonly Shape[] = [
  ['ns', '/v2/library/busybox', 'ns=docker.io', {}],
  ['a short name with ns', '/v2/busybox', 'ns=docker.io', {}],
  ['prefix and ns', '/v2/docker.io/library/busybox', 'ns=docker.io', {}],
  ['a path before /v2', '/docker.io/v2/library/busybox', '', {}],
  ['a virtual host', '/v2/library/busybox', '', HUB_HOST],
  ['the own name of the registry', '/v2/library/busybox', '', { host: 'registry-1.docker.io' }],
];

let registry: TestRegistry;
let digest: string;
let authorization: { authorization: string };

beforeAll(async () => {
  registry = await startRegistry({ limits: { maxPageSize: 2, maxReferrersBytes: 400 } });
  for (const tag of ['musl', 'glibc', 'uclibc']) {
    digest = await pushArtifact(registry, NAME, tag);
  }
  const subject = { ...SUBJECT, digest };
  for (const tag of ['one', 'two', 'three']) {
    await pushArtifact(registry, NAME, tag, { subject, artifactType: `test/${tag}` });
  }
  authorization = await registry.headersFor(NAME, 'pull');
});

afterAll(() => registry.close());

function withQuery(path: string, ...parts: string[]): string {
  const query = parts.filter((part) => part !== '').join('&');
  return query === '' ? path : `${path}?${query}`;
}

function get(target: string, headers: object, method = 'GET') {
  return registry.request(target, { method, headers: { ...authorization, ...headers } });
}

describe.each(SHAPES)('a view by %s', (_what, before, query, headers) => {
  const at = (rest: string, ...more: string[]) => withQuery(`${before}${rest}`, query, ...more);

  it.each(['GET', 'HEAD'])('answers %s as under the canonical name', async (method) => {
    const blob = `/blobs/${digestOf(EMPTY_CONFIG)}`;
    for (const rest of ['/manifests/musl', `/manifests/${digest}`, blob]) {
      const expected = await get(`/v2/${NAME}${rest}`, {}, method);
      const answer = await get(at(rest), headers, method);
      const asGzip = await get(at(rest), { ...headers, 'accept-encoding': 'gzip, zstd' }, method);
      const { date: _d, 'x-request-id': _i, ...canonical } = expected.headers;
      for (const one of [answer, asGzip]) {
        const { date: _date, 'x-request-id': _id, 'oci-namespace': view, ...same } = one.headers;
        expect([one.status, view]).toEqual([200, 'docker.io']);
        expect(same).toEqual(canonical);
        expect(one.body.equals(expected.body)).toBe(true);
      }
    }
  });

  it('serves ranges', async () => {
    const rest = `/blobs/${digestOf(EMPTY_CONFIG)}`;
    const answer = await get(at(rest), { ...headers, range: 'bytes=1-1' });
    expect([answer.status, answer.headers['content-range']]).toEqual([206, 'bytes 1-1/2']);
    expect([answer.headers['content-length'], String(answer.body)]).toEqual(['1', '}']);
  });

  it.each(['/tags/list', '/referrers/'])('leads through the pages of %s', async (rest) => {
    const seen: unknown[] = [];
    let target: string | undefined = at(rest === '/referrers/' ? `${rest}${digest}` : rest);
    while (target !== undefined) {
      const answer = await get(target, headers);
      expect([answer.status, answer.headers['oci-namespace']]).toEqual([200, 'docker.io']);
      const body = JSON.parse(String(answer.body)) as { tags?: unknown[]; manifests?: unknown[] };
      seen.push(...(body.tags ?? body.manifests ?? []));
      target = /^<([^>]+)>; rel="next"$/.exec(String(answer.headers['link']))?.[1];
    }
    expect(seen).toHaveLength(rest === '/tags/list' ? 6 : 3);
  });

  it('challenges with the canonical scope and a realm that names the registry', async () => {
    const answer = await registry.request(at('/manifests/musl'), { headers });
    expect([answer.status, answer.headers['oci-namespace']]).toEqual([401, 'docker.io']);
    expect(answer.headers['www-authenticate']).toBe(
      `Bearer realm="https://tokens.test/token?ns=docker.io",service="registry.test",scope="repository:${NAME}:pull"`,
    );
  });

  it.each(['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])(
    'refuses %s, token or not',
    async (method) => {
      for (const rest of ['/manifests/musl', '/blobs/uploads/', '/no/such/thing']) {
        for (const own of [headers, { ...headers, ...authorization }]) {
          const answer = await registry.request(at(rest), { method, headers: own });
          expect([answer.status, errorCode(answer)]).toEqual([405, 'UNSUPPORTED']);
          expect(answer.headers['allow']).toBe('GET, HEAD');
          expect(answer.headers['oci-namespace']).toBe('docker.io');
        }
      }
    },
  );

  it('names the registry on errors, too', async () => {
    const answer = await get(at('/manifests/none'), headers);
    expect([answer.status, errorCode(answer)]).toEqual([404, 'MANIFEST_UNKNOWN']);
    expect(answer.headers['oci-namespace']).toBe('docker.io');
    expect(answer.headers['docker-distribution-api-version']).toBe('registry/2.0');
  });

  it.each(['/v2/_catalog', `/v2/library/busybox/blobs/uploads/some`])('has no %s', async (path) => {
    const target = before.startsWith('/docker.io/') ? `/docker.io${path}` : path;
    const answer = await get(withQuery(target, query), headers);
    expect([answer.status, errorCode(answer)]).toEqual([404, 'UNSUPPORTED']);
  });
});

describe('a ping', () => {
  it.each([
    ['/v2/?ns=docker.io', {}],
    ['/docker.io/v2/', {}],
    ['/docker.io/v2', {}],
    ['/v2/', HUB_HOST],
  ])('of %s %j asks for a token of that registry, and takes it', async (target, headers) => {
    const answer = await registry.request(target, { headers });
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toBe(
      'Bearer realm="https://tokens.test/token?ns=docker.io",service="registry.test"',
    );
    expect((await get(target, headers)).status).toBe(200);
  });
});

describe('a name that is no view', () => {
  it.each([
    ['/v2/library/busybox/manifests/musl?ns=ghcr.io', {}],
    ['/ghcr.io/v2/library/busybox/manifests/musl', {}],
    ['/v2/', { host: 'ghcr-io.registry.test' }],
    ['/docker.io/v2/?ns=quay.io', {}],
  ])('%s %j is unknown, before anybody asks for a token', async (target, headers) => {
    for (const method of ['GET', 'POST']) {
      const answer = await registry.request(target, { method, headers });
      expect([answer.status, errorCode(answer)]).toEqual([404, 'NAME_UNKNOWN']);
      expect(answer.headers['oci-namespace']).toBeUndefined();
      expect(answer.headers['www-authenticate']).toBeUndefined();
    }
  });

  it('is one from the request on that follows its first push, and none after its removal', async () => {
    const target = '/v2/app/tags/list?ns=new.example:5000';
    expect((await registry.request(target)).status).toBe(404);
    await pushArtifact(registry, 'new.example_5000/app', 'one');
    expect((await registry.request(target)).status).toBe(401);
    await registry.storage.namespaces.delete('new.example_5000', true, 'test');
    expect((await registry.request(target)).status).toBe(404);
  });
});
