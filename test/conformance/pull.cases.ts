// distribution-spec "Pull": what was pushed comes back byte for byte, with its digest and its length.
import { expect } from 'vitest';
import { type Algorithm, makeImage, MANIFEST_TYPE, randomBlob } from '../support/image.ts';
import type { ConformanceCase, ConformanceContext } from './conformance-case.ts';
import { DATA_SETS } from './data-sets.ts';
import { pushDataSet } from './push-data-set.ts';
import { expectRefusal, type Repository } from './repository.ts';

const ALGORITHMS: readonly Algorithm[] = ['sha256', 'sha512'];
const ACCEPT = {
  Accept: 'application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json',
};

interface Expected {
  readonly bytes: Buffer;
  readonly digest: string;
  readonly mediaType?: string;
}

/** GET and HEAD tell the same; HEAD without the bytes. */
async function expectPullable(repository: Repository, path: string, expected: Expected) {
  for (const method of ['GET', 'HEAD']) {
    const answer = await repository.request(method, path, { headers: ACCEPT });
    expect(answer.status, `${method} ${path}`).toBe(200);
    expect(answer.headers.get('docker-content-digest')).toBe(expected.digest);
    expect(answer.headers.get('content-length')).toBe(String(expected.bytes.length));
    expect(answer.headers.get('etag')).toBe(`"${expected.digest}"`);
    if (expected.mediaType !== undefined) {
      expect(answer.headers.get('content-type')).toBe(expected.mediaType);
    }
    const body = method === 'GET' ? expected.bytes : Buffer.alloc(0);
    expect(answer.body.equals(body)).toBe(true);
  }
}

const dataSets: ConformanceCase[] = DATA_SETS.flatMap(({ name, algorithm, make }) => [
  {
    section: 'Pulling manifests',
    name: `serves the manifests of ${name} by digest and tag, ${algorithm}`,
    async run(context) {
      const repository = await context.repository();
      const set = make();
      await pushDataSet(repository, set);
      for (const manifest of set.manifests) {
        for (const reference of [manifest.content.digest, ...manifest.tags]) {
          await expectPullable(repository, repository.manifest(reference), manifest.content);
        }
      }
    },
  },
  {
    section: 'Pulling blobs',
    name: `serves the blobs of ${name}, ${algorithm}`,
    async run(context) {
      const repository = await context.repository();
      const set = make();
      await pushDataSet(repository, set);
      for (const { bytes, digest } of set.blobs) {
        await expectPullable(repository, repository.blob(digest), { bytes, digest });
      }
    },
  },
]);

interface RangeRow {
  readonly range: string;
  /** Inclusive; undefined where the range cannot be satisfied. */
  readonly served?: readonly [first: number, last: number];
}

const BLOB_SIZE = 2048;
const RANGES: readonly RangeRow[] = [
  { range: 'bytes=500-1499', served: [500, 1499] },
  { range: 'bytes=500-', served: [500, 2047] },
  { range: 'bytes=-500', served: [1548, 2047] },
  { range: 'bytes=2000-5000', served: [2000, 2047] },
  { range: 'bytes=500-0' },
  { range: 'bytes=5000-10000' },
  { range: 'bytes=0-0', served: [0, 0] },
  { range: 'bytes=-5000', served: [0, 2047] },
  { range: 'bytes=2048-' },
];

async function expectRange(context: ConformanceContext, algorithm: Algorithm, row: RangeRow) {
  const repository = await context.repository();
  const { bytes, digest, ...rest } = randomBlob(BLOB_SIZE, algorithm);
  await repository.pushBlob({ bytes, digest, ...rest });
  const headers = { Range: row.range };
  const answer = await repository.request('GET', repository.blob(digest), { headers });
  if (row.served === undefined) {
    expect(answer.status).toBe(416);
    expect(answer.headers.get('content-range')).toBe(`bytes */${BLOB_SIZE}`);
    return;
  }
  const [first, last] = row.served;
  expect(answer.status).toBe(206);
  expect(answer.headers.get('content-range')).toBe(`bytes ${first}-${last}/${BLOB_SIZE}`);
  expect(answer.headers.get('content-length')).toBe(String(last - first + 1));
  expect(answer.headers.get('docker-content-digest')).toBe(digest);
  expect(answer.body.equals(bytes.subarray(first, last + 1))).toBe(true);
}

const ranges: ConformanceCase[] = ALGORITHMS.flatMap((algorithm) =>
  RANGES.map((row) => ({
    section: 'Pulling blobs',
    name: `answers ${row.served === undefined ? 416 : 206} to \`Range: ${row.range}\`, ${algorithm}`,
    run: (context) => expectRange(context, algorithm, row),
  })),
);

const absent: ConformanceCase[] = ALGORITHMS.flatMap((algorithm) => {
  const { digest } = randomBlob(32, algorithm);
  return [
    ['a blob', 'BLOB_UNKNOWN', (repository: Repository) => repository.blob(digest)],
    ['a manifest', 'MANIFEST_UNKNOWN', (repository: Repository) => repository.manifest(digest)],
    ['a tag', 'MANIFEST_UNKNOWN', (repository: Repository) => repository.manifest('missing')],
  ].map(([what, code, path]) => ({
    section: 'Checking if content exists in the registry',
    name: `answers 404 for ${String(what)} that is not there, ${algorithm}`,
    async run(context) {
      const repository = await context.repository();
      await repository.pushBlob(randomBlob(9));
      const target = (path as (repository: Repository) => string)(repository);
      expectRefusal(await repository.request('GET', target), 404, String(code));
      const head = await repository.request('HEAD', target);
      expect(head.status).toBe(404);
      expect(head.body).toHaveLength(0);
    },
  }));
});

const others: ConformanceCase[] = [
  {
    section: 'Endpoints',
    name: 'answers the base with any valid token',
    async run(context) {
      const answer = await (await context.session([])).request('GET', '/v2/');
      expect(answer.status).toBe(200);
      expect(answer.json()).toEqual({});
      expect(answer.headers.get('docker-distribution-api-version')).toBe('registry/2.0');
    },
  },
  {
    section: 'Endpoints',
    name: 'challenges at the base without a token',
    async run(context) {
      const answer = await context.anonymous.request('GET', '/v2/');
      expectRefusal(answer, 401, 'UNAUTHORIZED');
      const challenge = answer.headers.get('www-authenticate');
      expect(challenge).toMatch(/^Bearer realm="http[^"]+",service="[^"]+"$/);
      expect(answer.headers.get('docker-distribution-api-version')).toBe('registry/2.0');
    },
  },
  {
    section: 'Pulling manifests',
    name: 'answers 404 for a repository that is not there',
    async run(context) {
      const repository = await context.repository();
      for (const path of [repository.manifest('latest'), repository.blob(randomBlob(9).digest)]) {
        const answer = await repository.request('GET', path);
        expect(answer.status).toBe(404);
      }
    },
  },
  ...['manifest', 'blob'].map(
    (kind): ConformanceCase => ({
      section: kind === 'blob' ? 'Pulling blobs' : 'Pulling manifests',
      name: `refuses the malformed digest \`sha256:baddigeststring\` of a ${kind}`,
      async run(context) {
        const repository = await context.repository();
        const bad = 'sha256:baddigeststring';
        const path = kind === 'blob' ? repository.blob(bad) : repository.manifest(bad);
        expectRefusal(await repository.request('GET', path), 400, 'DIGEST_INVALID');
      },
    }),
  ),
  {
    section: 'Pulling manifests',
    name: 'serves the stored bytes whatever Accept says',
    async run(context) {
      const repository = await context.repository();
      const { blobs, root } = makeImage();
      for (const blob of blobs) await repository.pushBlob(blob);
      await repository.pushManifest(root, 'latest');
      for (const accept of ['*/*', 'application/json', MANIFEST_TYPE]) {
        const headers = { Accept: accept };
        const answer = await repository.request('GET', repository.manifest('latest'), { headers });
        expect(answer.status).toBe(200);
        expect(answer.headers.get('content-type')).toBe(MANIFEST_TYPE);
      }
    },
  },
  {
    section: 'Pulling manifests',
    name: 'takes a name whose parts are words of the paths',
    async run(context) {
      const repository = await context.repository({ path: 'manifests/blobs/uploads/tags/list' });
      const { blobs, root } = makeImage();
      for (const blob of blobs) await repository.pushBlob(blob);
      await repository.pushManifest(root, 'latest');
      await expectPullable(repository, repository.manifest('latest'), root);
      const list = await repository.request('GET', repository.tags);
      expect(list.json()).toEqual({ name: repository.name, tags: ['latest'] });
    },
  },
  ...ALGORITHMS.map(
    (algorithm): ConformanceCase => ({
      section: 'Pulling blobs',
      name: `answers 304 when the client has it already, ${algorithm}`,
      async run(context) {
        const repository = await context.repository();
        const { blobs, root } = makeImage({ algorithm });
        for (const blob of blobs) await repository.pushBlob(blob);
        await repository.pushManifest(root);
        const [blob = root] = blobs;
        const paths = [
          [repository.blob(blob.digest), blob.digest],
          [repository.manifest(root.digest), root.digest],
        ] as const;
        for (const [path, digest] of paths) {
          const headers = { 'If-None-Match': `"${digest}"` };
          const answer = await repository.request('GET', path, { headers });
          expect(answer.status).toBe(304);
          expect(answer.body).toHaveLength(0);
          expect(answer.headers.get('etag')).toBe(`"${digest}"`);
        }
      },
    }),
  ),
  {
    section: 'Pulling blobs',
    name: 'serves no blob of one repository through another',
    async run(context) {
      const [source, other] = [await context.repository(), await context.repository()];
      const blob = randomBlob(64);
      await source.pushBlob(blob);
      await other.pushBlob(randomBlob(64));
      const answer = await other.request('GET', other.blob(blob.digest));
      expectRefusal(answer, 404, 'BLOB_UNKNOWN');
    },
  },
];

export const PULL_CASES: readonly ConformanceCase[] = [
  ...dataSets,
  ...ranges,
  ...absent,
  ...others,
];
