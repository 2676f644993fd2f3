import { Digest, OCI_MANIFEST, RepositoryName } from '@portolan/oci';
import * as fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Content, openContent, REPOSITORY, temporaryDirectory } from '../fixtures/content.ts';
import type { ReferrerQuery } from '../../src/referrers/referrer-store.ts';
import { descriptor, image, index } from '../fixtures/documents.ts';

const ABSENT = Digest.of('sha256', 'a'.repeat(64));
const SIGNATURE = 'application/vnd.example.signature';

let directory: ReturnType<typeof temporaryDirectory>;
let content: Content;
let config: Digest;
let subject: Digest;

beforeEach(async () => {
  directory = temporaryDirectory();
  content = await openContent(directory.path, { now: Date.now() });
  config = await content.addBlob('{}');
  subject = await content.put(image(config), { tags: ['latest'] });
});

afterEach(() => {
  content.close();
  directory.remove();
});

const PAGE = { limit: 100, maxBytes: 1_000_000 };
const list = (of: Digest, query: Partial<ReferrerQuery> = {}) =>
  content.referrers.list(REPOSITORY, of, { ...PAGE, ...query });
const to = (digest: Digest, more: object = {}) => ({ subject: descriptor(digest), ...more });

test('describes an image by its own artifact type and its annotations', async () => {
  const more = to(subject, { artifactType: SIGNATURE, annotations: { key: 'value' } });
  const digest = await content.put(image(config, [], more));
  const { referrers, hasMore } = await list(subject);
  expect(hasMore).toBe(false);
  expect(referrers).toEqual([
    {
      mediaType: OCI_MANIFEST,
      digest,
      size: JSON.stringify(image(config, [], more)).length,
      artifactType: SIGNATURE,
      annotations: { key: 'value' },
    },
  ]);
});

test('describes an image without artifact type by the media type of its config', async () => {
  await content.put(image(config, [], to(subject)));
  const { referrers } = await list(subject);
  expect(referrers[0]?.artifactType).toBe('application/vnd.oci.image.config.v1+json');
  expect(referrers[0]).not.toHaveProperty('annotations');
});

test('leaves the artifact type of an index without one away', async () => {
  await content.put(index([], to(subject)));
  expect((await list(subject)).referrers[0]).not.toHaveProperty('artifactType');
});

test('is empty for a subject and for a repository that nobody knows', async () => {
  const nothing = { referrers: [], hasMore: false };
  expect(await list(ABSENT)).toEqual(nothing);
  const unknown = RepositoryName.parse('no/such');
  expect(await content.referrers.list(unknown, subject, PAGE)).toEqual(nothing);
});

test('knows referrers that came before their subject, and those of a deleted one', async () => {
  const digest = await content.put(image(config, [], to(ABSENT)));
  expect((await list(ABSENT)).referrers.map((entry) => entry.digest)).toEqual([digest]);
  const late = await content.put(image(config, [], to(subject)));
  await content.manifests.delete(REPOSITORY, subject, 'bob');
  expect((await list(subject)).referrers.map((entry) => entry.digest)).toEqual([late]);
});

test('forgets a referrer as soon as it is deleted', async () => {
  const digest = await content.put(image(config, [], to(subject)));
  await content.manifests.delete(REPOSITORY, digest, 'bob');
  expect((await list(subject)).referrers).toEqual([]);
});

test('lists what the fallback index names once, if the repository has it', async () => {
  const own = await content.put(image(config, [], to(subject)));
  const foreign = await content.put(image(config, [], { artifactType: SIGNATURE }));
  await content.deps.database.write((tx) =>
    tx.updateTable('namespace').set({ allows_sparse_indexes: 1 }).execute(),
  );
  const tag = subject.replace(':', '-');
  await content.put(index([own, foreign, ABSENT]), { tags: [tag] });
  const digests = (await list(subject)).referrers.map((entry) => entry.digest);
  expect(digests).toEqual([own, foreign].sort());
  const filtered = (await list(subject, { artifactType: SIGNATURE })).referrers;
  expect(filtered.map((entry) => entry.digest)).toEqual([foreign]);
});

test('finds the fallback index of a sha512 subject under its shortened tag', async () => {
  const sha512 = Digest.of('sha512', 'b'.repeat(128));
  const digest = await content.put(image(config));
  await content.put(index([digest]), { tags: [`sha512-${'b'.repeat(64)}`] });
  expect((await list(sha512)).referrers.map((entry) => entry.digest)).toEqual([digest]);
});

test('ignores a fallback tag that is no index', async () => {
  await content.put(image(config), { tags: [subject.replace(':', '-')] });
  expect((await list(subject)).referrers).toEqual([]);
});

test('lists what a fallback index names without reading the index', async () => {
  const digest = await content.put(image(config, [], { artifactType: SIGNATURE }));
  const fallback = await content.put(index([digest]), { tags: [subject.replace(':', '-')] });
  await content.deps.database.write((tx) =>
    tx
      .updateTable('manifest')
      .set({ body: Buffer.from('not JSON') })
      .where('digest', '=', fallback)
      .execute(),
  );
  expect((await list(subject)).referrers.map((entry) => entry.digest)).toEqual([digest]);
});

test.each([
  ['annotations', (i: number) => ({ annotations: { i: `${i}`, long: 'x'.repeat(1000) } })],
  ['artifact types', (i: number) => ({ artifactType: `application/x-${i}-${'x'.repeat(1000)}` })],
])('ends a page before its %s grow too large, but never before its first', async (_, more) => {
  const digests: Digest[] = [];
  for (let i = 0; i < 5; i++) {
    digests.push(await content.put(image(config, [], to(subject, more(i)))));
  }
  digests.sort();
  for (const [maxBytes, count] of [
    [1, 1],
    [3500, 3],
    [10_000, 5],
  ] as const) {
    const { referrers, hasMore } = await list(subject, { maxBytes });
    expect(referrers.map(({ digest }) => digest)).toEqual(digests.slice(0, count));
    expect(hasMore).toBe(count < 5);
  }
});

const pushes = fc.array(
  fc.record({
    type: fc.constantFrom('application/x-a', 'application/x-b'),
    route: fc.constantFrom('subject', 'fallback', 'both', 'none'),
  }),
  { maxLength: 25 },
);

test('is the filter over all manifests by subject, through pages (P9)', async () => {
  let run = 0;
  await fc.assert(
    fc.asyncProperty(pushes, fc.integer({ min: 1, max: 6 }), async (entries, limit) => {
      const target = await content.put(image(config, [], { annotations: { run: `${run++}` } }));
      const expected: string[] = [];
      const fallback: Digest[] = [];
      for (const [i, { type, route }] of entries.entries()) {
        const more = { artifactType: type, annotations: { run: `${run}`, i: `${i}` } };
        const isOwn = route === 'subject' || route === 'both';
        const digest = await content.put(image(config, [], isOwn ? to(target, more) : more));
        if (route === 'fallback' || route === 'both') fallback.push(digest);
        if (route !== 'none' && type === 'application/x-a') expected.push(digest);
      }
      if (fallback.length > 0) {
        await content.put(index(fallback), { tags: [target.replace(':', '-')] });
      }
      const seen: Digest[] = [];
      for (let hasMore = true; hasMore; ) {
        const last = seen.at(-1);
        const after = last === undefined ? {} : { last };
        const page = await list(target, { limit, artifactType: 'application/x-a', ...after });
        seen.push(...page.referrers.map((entry) => entry.digest));
        ({ hasMore } = page);
      }
      expect(seen).toEqual(expected.sort());
    }),
    { numRuns: 25 },
  );
});
