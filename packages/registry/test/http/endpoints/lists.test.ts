import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OCI_INDEX, OCI_MANIFEST } from '@portolan/oci';
import {
  artifact,
  digestOf,
  errorCode,
  index,
  pushArtifact,
  pushManifest,
} from '../../support/content.ts';
import { startRegistry, type TestRegistry } from '../../support/start-registry.ts';

const NAME = 'team/app';
const TAGS = ['0', 'A', 'Z', '_', 'a', 'b'];

let registry: TestRegistry;
let headers: { authorization: string };

beforeAll(async () => {
  registry = await startRegistry({ limits: { maxPageSize: 4, maxReferrersBytes: 2000 } });
  headers = await registry.headersFor(NAME, 'pull');
  for (const tag of ['b', 'Z', '_', 'a', '0', 'A']) await pushArtifact(registry, NAME, tag);
});

afterAll(() => registry.close());

async function get(path: string, own: object = headers) {
  const answer = await registry.request(path, { headers: { ...own } });
  const json: unknown = answer.body.length === 0 ? undefined : JSON.parse(answer.body.toString());
  return { ...answer, json: json as Record<string, unknown> };
}

/** The target of a `Link: <…>; rel="next"`. */
function next(link: string | string[] | undefined): string | undefined {
  return /^<([^>]+)>; rel="next"$/.exec(String(link))?.[1];
}

const listTags = (query: string) => get(`/v2/${NAME}/tags/list${query}`);

describe('tags list', () => {
  it.each([
    ['', TAGS.slice(0, 4), true],
    ['?n=2', ['0', 'A'], true],
    ['?n=2&last=A', ['Z', '_'], true],
    ['?last=_', ['a', 'b'], false],
    ['?n=2&last=_', ['a', 'b'], false],
    ['?last=Zzz', ['_', 'a', 'b'], false],
    ['?last=zzz', [], false],
    ['?n=0', [], false],
    ['?n=1000000', TAGS.slice(0, 4), true],
    [`?n=${'9'.repeat(400)}`, TAGS.slice(0, 4), true],
  ])('pages with "%s"', async (query, tags, hasNext) => {
    const { status, json, headers: got } = await listTags(query);
    expect(status).toBe(200);
    expect(json).toEqual({ name: NAME, tags });
    expect(got['link'] !== undefined).toBe(hasNext);
  });

  it('leads through all tags by its links', async () => {
    const seen: unknown[] = [];
    let path: string | undefined = `/v2/${NAME}/tags/list?n=2`;
    while (path !== undefined) {
      const page = await get(path);
      seen.push(...(page.json['tags'] as string[]));
      path = next(page.headers['link']);
    }
    expect(seen).toEqual(TAGS);
  });

  it.each(['-1', 'x', '', '1.5', '0x10', '%00'])('refuses n=%s', async (n) => {
    const answer = await listTags(`?n=${n}`);
    expect(answer.status).toBe(400);
    expect(errorCode(answer)).toBe('UNSUPPORTED');
  });

  it('knows no tags of an unknown repository', async () => {
    const answer = await get('/v2/team/absent/tags/list', await registry.headersFor('team/absent'));
    expect(answer.status).toBe(404);
    expect(errorCode(answer)).toBe('NAME_UNKNOWN');
  });
});

describe('catalog', () => {
  const catalogAccess = [{ type: 'registry', name: 'catalog', actions: ['*'] }];

  beforeAll(async () => {
    for (const name of ['b/x', 'a/x', 'c/x', 'd/x', 'e']) await pushArtifact(registry, name, 'v1');
  });

  async function list(query: string, catalog?: object) {
    const stamp = catalog === undefined ? {} : { stamp: { namespaces: {}, catalog } };
    const token = await registry.sign({ access: catalogAccess, ...(stamp as object) });
    return get(`/v2/_catalog${query}`, { authorization: `Bearer ${token}` });
  }

  it('lists everything without a filter, by pages', async () => {
    const first = await list('?n=3');
    expect(first.json).toEqual({ repositories: ['a/x', 'b/x', 'c/x'] });
    const second = await list(next(first.headers['link'])?.slice('/v2/_catalog'.length) ?? '');
    expect(second.json).toEqual({ repositories: ['d/x', 'e', NAME] });
    expect(second.headers['link']).toBeUndefined();
  });

  it('lists what the filter of the token lets through', async () => {
    const page = await list('', { visibilities: [], namespaceIds: [] });
    expect(page.json).toEqual({ repositories: [] });
    expect(page.headers['link']).toBeUndefined();
  });

  it.each(['-1', 'x'])('refuses n=%s', async (n) => {
    expect((await list(`?n=${n}`)).status).toBe(400);
  });

  it('is not given without the catalog action', async () => {
    const answer = await get('/v2/_catalog');
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toContain('scope="registry:catalog:*"');
    expect(answer.headers['www-authenticate']).toContain('error="insufficient_scope"');
  });
});

describe('referrers', () => {
  const subject = { mediaType: OCI_MANIFEST, digest: digestOf('subject'), size: 7 };
  const list = (query = '', digest: string = subject.digest, name = NAME) =>
    get(`/v2/${name}/referrers/${digest}${query}`);
  const signature = artifact({ subject, artifactType: 'application/sig', annotations: { k: 'v' } });
  const plain = artifact({ subject });
  const indexOf = index({ subject });

  beforeAll(async () => {
    for (const [tag, body] of Object.entries({ signature, plain, indexOf })) {
      expect((await pushManifest(registry, NAME, tag, body)).status).toBe(201);
    }
  });

  it('lists what names the digest, as an index', async () => {
    const { status, headers: got, json } = await list();
    expect(status).toBe(200);
    expect(got['content-type']).toBe(OCI_INDEX);
    expect(got['oci-filters-applied']).toBeUndefined();
    expect(json).toMatchObject({ schemaVersion: 2, mediaType: OCI_INDEX });
    const wanted = [
      {
        mediaType: OCI_MANIFEST,
        digest: digestOf(signature),
        size: signature.length,
        artifactType: 'application/sig',
        annotations: { k: 'v' },
      },
      {
        mediaType: OCI_MANIFEST,
        digest: digestOf(plain),
        size: plain.length,
        artifactType: 'application/vnd.oci.empty.v1+json',
      },
      { mediaType: OCI_INDEX, digest: digestOf(indexOf), size: indexOf.length },
    ].sort((a, b) => (a.digest < b.digest ? -1 : 1));
    expect(json['manifests']).toEqual(wanted);
  });

  it('filters by artifact type and says so', async () => {
    const { headers: got, json } = await list('?artifactType=application/sig');
    expect(got['oci-filters-applied']).toBe('artifactType');
    expect(json['manifests']).toMatchObject([{ digest: digestOf(signature) }]);
    const none = await list('?artifactType=application/none');
    expect(none.json['manifests']).toEqual([]);
    expect(none.headers['oci-filters-applied']).toBe('artifactType');
  });

  it.each([
    ['an unknown digest', digestOf('nothing'), NAME],
    ['an unknown repository', subject.digest, 'team/nowhere'],
  ])('is empty for %s', async (_, digest, name) => {
    const own = await registry.headersFor(name, 'pull');
    const { status, json } = await get(`/v2/${name}/referrers/${digest}`, own);
    expect(status).toBe(200);
    expect(json['manifests']).toEqual([]);
  });

  it.each(['latest', 'sha256:bad'])('refuses %s as digest', async (digest) => {
    const answer = await list('', digest);
    expect(answer.status).toBe(400);
    expect(errorCode(answer)).toBe('DIGEST_INVALID');
  });

  it('refuses a page after something that is no digest', async () => {
    expect((await list('?last=x')).status).toBe(400);
  });

  it('pages by count and by size', async () => {
    const other = { ...subject, digest: digestOf('much referred to') };
    const bodies = Array.from({ length: 7 }, (_, i) =>
      artifact({
        subject: other,
        artifactType: 'application/a+b',
        annotations: { a: `${i}`.repeat(700) },
      }),
    );
    for (const body of bodies) await pushManifest(registry, NAME, digestOf(body), body);
    const seen: string[] = [];
    let pages = 0;
    const start = `/v2/${NAME}/referrers/${other.digest}?artifactType=application%2Fa%2Bb`;
    for (let path: string | undefined = start; path !== undefined; pages++) {
      const page = await get(path);
      seen.push(...(page.json['manifests'] as { digest: string }[]).map(({ digest }) => digest));
      expect(page.body.length).toBeLessThan(2200);
      path = next(page.headers['link']);
    }
    expect(seen).toEqual(bodies.map((body) => digestOf(body)).sort());
    expect(pages).toBe(4);
  });
});

describe('base and extensions', () => {
  it.each(['/v2/', '/v2', '/v2/_oci/ext/discover'])('%s takes any token', async (path) => {
    const authorization = `Bearer ${await registry.sign({ subject: '' })}`;
    const answer = await get(path, { authorization });
    expect(answer.status).toBe(200);
    expect(answer.headers['docker-distribution-api-version']).toBe('registry/2.0');
    expect(answer.headers['content-type']).toBe('application/json');
  });

  it('lists the extensions of a repository to who may pull', async () => {
    const path = `/v2/${NAME}/_oci/ext/discover`;
    expect((await get(path)).json).toMatchObject({ extensions: [{ name: '_oci' }] });
    expect((await get(path, {})).status).toBe(401);
  });
});
