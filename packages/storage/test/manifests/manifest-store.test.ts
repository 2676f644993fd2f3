import { Digest, type Manifest, Reference, RepositoryName, Tag } from '@portolan/oci';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type Content,
  openContent,
  REPOSITORY,
  sha256,
  temporaryDirectory,
} from '../fixtures/content.ts';
import { descriptor, image, index } from '../fixtures/documents.ts';

const ABSENT = Digest.of('sha256', '0'.repeat(64));
const OTHER = RepositoryName.parse('team/other');
const LATEST = Tag.parse('latest');

let directory: ReturnType<typeof temporaryDirectory>;
let content: Content;
let config: Digest;
let layer: Digest;
const clock = { now: Date.now() };

beforeEach(async () => {
  directory = temporaryDirectory();
  content = await openContent(directory.path, clock);
  config = await content.addBlob('{}');
  layer = await content.addBlob('layer');
});

afterEach(() => {
  content.close();
  directory.remove();
});

const history = () =>
  content.deps.database.read
    .selectFrom('tag_history')
    .select(['name', 'digest', 'actor'])
    .orderBy('id')
    .execute();

describe('put', () => {
  test('serves the exact bytes and the media type afterwards, by digest and by tag', async () => {
    const document = image(config, [layer]);
    const digest = await content.put(document, { tags: ['latest', 'v1'] });
    const found = await content.manifests.find(REPOSITORY, digest);
    expect(found?.body.toString()).toBe(JSON.stringify(document));
    expect(found?.mediaType).toBe('application/vnd.oci.image.manifest.v1+json');
    expect(await content.tags.resolve(REPOSITORY, LATEST)).toBe(digest);
    expect((await history()).map((row) => row.name)).toEqual(['latest', 'v1']);
  });

  test('takes an index of blobs, as BuildKit exports its cache, and keeps them as layers', async () => {
    const cache = index([], { manifests: [descriptor(layer)] });
    await content.put(cache, { tags: ['cache'] });
    const kept = await content.deps.database.read
      .selectFrom('manifest_reference')
      .select(['digest', 'kind'])
      .execute();
    expect(kept).toEqual([{ digest: layer, kind: 'layer' }]);
  });

  test('refuses an index whose child is only a blob', async () => {
    await expect(content.put(index([layer]))).rejects.toMatchObject({
      code: 'manifest-reference-unknown',
    });
  });

  describe('into a mirror', () => {
    beforeEach(() =>
      content.deps.database.write((tx) =>
        tx.updateTable('namespace').set({ is_mirror: 1 }).where('name', '=', 'team').execute(),
      ),
    );

    const repositories: [string, RepositoryName][] = [
      ['that has content', REPOSITORY],
      ['that is new', OTHER],
    ];
    test.each(repositories)(
      'refuses a repository %s to all but the mirror',
      async (_, repository) => {
        const put = content.put(index([]), { repository, tags: ['latest'], actor: 'mirror' });
        await expect(put).rejects.toMatchObject({ code: 'mirror-only', detail: { repository } });
        expect(await content.tags.resolve(repository, LATEST)).toBeUndefined();
        expect(await history()).toEqual([]);
        const digest = await content.put(index([]), {
          repository,
          tags: ['latest'],
          right: 'mirror',
        });
        expect(await content.tags.resolve(repository, LATEST)).toBe(digest);
      },
    );

    test('makes no repository by a refused put', async () => {
      await expect(content.put(index([]), { repository: OTHER })).rejects.toThrow(
        'only the mirror',
      );
      expect(await content.tags.list(OTHER, { limit: 1 })).toBeUndefined();
    });

    test('refuses bytes that are there already, and so their lease', async () => {
      const digest = await content.put(index([]), { right: 'mirror' });
      await expect(content.put(index([]), { tags: ['v1'] })).rejects.toThrow('only the mirror');
      expect(await content.tags.resolve(REPOSITORY, Tag.parse('v1'))).toBeUndefined();
      expect(await content.manifests.delete(REPOSITORY, digest, 'admin')).toBe(true);
    });
  });

  const absentReferences: [string, () => object][] = [
    ['config', () => image(ABSENT, [layer])],
    ['layer', () => image(config, [layer, ABSENT])],
    ['child', () => index([ABSENT])],
  ];
  test.each(absentReferences)('refuses a manifest whose %s is missing', async (_, document) => {
    await expect(content.put(document())).rejects.toMatchObject({
      code: 'manifest-reference-unknown',
      detail: { digests: [ABSENT], missing: 1 },
    });
  });

  test('refuses an index whose child is there only as a blob', async () => {
    await expect(content.put(index([layer]))).rejects.toMatchObject({
      detail: { digests: [layer] },
    });
  });

  test('refuses an image whose layer is there only as a manifest', async () => {
    const child = await content.put(image(config));
    await expect(content.put(image(config, [child]))).rejects.toMatchObject({
      detail: { digests: [child] },
    });
  });

  test('refuses what only another repository has, and makes no repository by that', async () => {
    const put = content.put(image(config, [layer]), { repository: OTHER });
    await expect(put).rejects.toMatchObject({ code: 'manifest-reference-unknown' });
    expect(await content.tags.list(OTHER, { limit: 1 })).toBeUndefined();
  });

  test('accepts an index of absent children where the namespace allows sparse ones', async () => {
    await content.deps.database.write((tx) =>
      tx.updateTable('namespace').set({ allows_sparse_indexes: 1 }).execute(),
    );
    expect(await content.manifests.isChild(REPOSITORY, ABSENT)).toBe(false);
    const digest = await content.put(index([ABSENT]));
    expect(await content.manifests.find(REPOSITORY, digest)).toBeDefined();
    expect(await content.manifests.isChild(REPOSITORY, ABSENT)).toBe(true);
    expect(await content.manifests.isChild(OTHER, ABSENT)).toBe(false);
    expect(await content.manifests.isChild(REPOSITORY, digest)).toBe(false);
    await expect(content.put(image(ABSENT))).rejects.toMatchObject({
      code: 'manifest-reference-unknown',
    });
  });

  const accepted: [string, () => object][] = [
    ['a missing subject', () => image(config, [], { subject: descriptor(ABSENT) })],
    ['an empty index', () => index([])],
    ['the same layer twice', () => image(config, [layer, layer])],
    [
      'layers of an unknown media type',
      () =>
        image(config, [], {
          layers: [descriptor(layer, 'application/x-anything')],
        }),
    ],
    [
      'an absent layer that has urls',
      () =>
        image(config, [], {
          layers: [{ ...descriptor(ABSENT), urls: ['https://example.com/layer'] }],
        }),
    ],
  ];
  test.each(accepted)('accepts %s', async (_, document) => {
    const digest = await content.put(document());
    expect(await content.manifests.find(REPOSITORY, digest)).toBeDefined();
  });

  test('accepts 10,000 references and names the first 20 of those that are missing', async () => {
    const absent = Array.from({ length: 9_999 }, (_, i) => sha256(Buffer.from(`${i}`)));
    await expect(content.put(image(config, absent))).rejects.toMatchObject({
      detail: { digests: absent.slice(0, 20), missing: 9_999 },
    });
    const layers = absent.map((digest) => ({
      ...descriptor(digest),
      urls: ['https://example.com/'],
    }));
    await content.put(image(config, [], { layers }), { tags: ['big'] });
    const references = await content.deps.database.read
      .selectFrom('manifest_reference')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow();
    expect(references.count).toBe(10_000);
  });

  test('writes tag history only when the tag comes to point elsewhere', async () => {
    const first = await content.put(image(config), { tags: ['latest'] });
    await content.put(image(config), { tags: ['latest'] });
    const second = await content.put(image(config, [layer]), { tags: ['latest'], actor: 'bob' });
    expect(await history()).toEqual([
      { name: 'latest', digest: first, actor: 'ann' },
      { name: 'latest', digest: second, actor: 'bob' },
    ]);
  });

  test('keeps the media type of the first push of the same bytes', async () => {
    const document = { schemaVersion: 2, config: descriptor(config) };
    await content.put(document, { contentType: 'application/vnd.example.one+json' });
    const digest = await content.put(document, { contentType: 'application/vnd.example.two+json' });
    const found = await content.manifests.find(REPOSITORY, digest);
    expect(found?.mediaType).toBe('application/vnd.example.one+json');
  });

  test('moves the content generation only when a tag that was there moves', async () => {
    const generation = async () => (await content.deps.generations.current()).content;
    const before = await generation();
    await content.put(image(config), { tags: ['latest'] });
    await content.put(image(config), { tags: ['latest', 'v1'] });
    expect(await generation()).toBe(before);
    await content.put(image(config, [layer]), { tags: ['latest'] });
    expect(await generation()).toBe(before + 1);
  });
});

const putIfMatch = (reference: string, digests: readonly string[] | '*') =>
  content.put(image(config, [layer]), {
    tags: ['latest'],
    ifMatch: { reference: Reference.parse(reference), digests },
  });

describe('If-Match', () => {
  let current: Digest;
  beforeEach(async () => {
    current = await content.put(image(config), { tags: ['latest'] });
  });

  const met: [string, string, () => readonly string[] | '*'][] = [
    ['the current digest', 'latest', () => [ABSENT, current]],
    ['*', 'latest', () => '*'],
  ];
  test.each(met)('goes ahead on %s', async (_, reference, digests) => {
    const digest = await putIfMatch(reference, digests());
    expect(await content.tags.resolve(REPOSITORY, LATEST)).toBe(digest);
  });

  const unmet: [string, string, readonly string[] | '*'][] = [
    ['another digest', 'latest', [ABSENT]],
    ['* for a tag that is not there', 'v9', '*'],
    ['* for a digest that is not there', ABSENT, '*'],
  ];
  test.each(unmet)('changes nothing on %s', async (_, reference, digests) => {
    await expect(putIfMatch(reference, digests)).rejects.toMatchObject({
      code: 'precondition-failed',
    });
    expect(await content.tags.resolve(REPOSITORY, LATEST)).toBe(current);
  });

  test('lets only one of two clients win that saw the same tag', async () => {
    const ifMatch = { reference: Reference.parse('latest'), digests: [current] };
    const results = await Promise.allSettled([
      content.put(image(config, [layer]), { tags: ['latest'], ifMatch }),
      content.put(image(config, [layer, layer]), { tags: ['latest'], ifMatch }),
    ]);
    expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected']);
  });
});

describe('delete', () => {
  test('removes the manifest and all its tags at once, and no other', async () => {
    const gone = await content.put(image(config), { tags: ['latest', 'v1'] });
    const kept = await content.put(image(config, [layer]), { tags: ['v2'] });
    expect(await content.manifests.find(REPOSITORY, gone)).toBeDefined();
    expect(await content.tags.resolve(REPOSITORY, LATEST)).toBe(gone);

    expect(await content.manifests.delete(REPOSITORY, gone, 'bob')).toBe(true);
    expect(await content.manifests.find(REPOSITORY, gone)).toBeUndefined();
    expect(await content.tags.resolve(REPOSITORY, LATEST)).toBeUndefined();
    expect((await content.tags.list(REPOSITORY, { limit: 9 }))?.tags).toEqual(['v2']);
    expect(await content.manifests.find(REPOSITORY, kept)).toBeDefined();
    expect((await history()).slice(-2)).toEqual([
      { name: 'latest', digest: null, actor: 'bob' },
      { name: 'v1', digest: null, actor: 'bob' },
    ]);
    expect(await content.manifests.delete(REPOSITORY, gone, 'bob')).toBe(false);
  });

  test('is recorded in the audit log', async () => {
    const digest = await content.put(image(config));
    await content.manifests.delete(REPOSITORY, digest, 'bob');
    const audit = await content.deps.database.read
      .selectFrom('audit')
      .select(['actor', 'action', 'target'])
      .execute();
    expect(audit).toEqual([
      { actor: 'bob', action: 'manifest.delete', target: `team/app@${digest}` },
    ]);
  });

  test('leaves the repository known, with no tags', async () => {
    const digest = await content.put(image(config), { tags: ['latest'] });
    await content.manifests.delete(REPOSITORY, digest, 'bob');
    expect(await content.tags.list(REPOSITORY, { limit: 9 })).toEqual({ tags: [], hasMore: false });
  });

  test('does not touch the same manifest in another repository', async () => {
    await content.addBlob('{}', OTHER);
    const digest = await content.put(image(config));
    await content.put(image(config), { repository: OTHER });
    await content.manifests.delete(REPOSITORY, digest, 'bob');
    expect(await content.manifests.find(OTHER, digest)).toBeDefined();
  });

  test('is seen at once by another process that has it cached', async () => {
    const other = await openContent(directory.path, clock);
    const digest = await content.put(image(config), { tags: ['latest'] });
    expect(await other.manifests.find(REPOSITORY, digest)).toBeDefined();
    expect(await other.tags.resolve(REPOSITORY, LATEST)).toBe(digest);
    await content.manifests.delete(REPOSITORY, digest, 'bob');
    expect(await other.manifests.find(REPOSITORY, digest)).toBeUndefined();
    expect(await other.tags.resolve(REPOSITORY, LATEST)).toBeUndefined();
    other.close();
  });

  test('finds a manifest with its new media type when it was deleted and pushed again', async () => {
    const document = { schemaVersion: 2, config: descriptor(config) };
    const push = (contentType: string) => content.put(document, { contentType });
    const digest = await push('application/vnd.example.one+json');
    await content.manifests.find(REPOSITORY, digest);
    await content.manifests.delete(REPOSITORY, digest, 'bob');
    await push('application/vnd.example.two+json');
    const found = await content.manifests.find(REPOSITORY, digest);
    expect(found?.mediaType satisfies Manifest['mediaType'] | undefined).toBe(
      'application/vnd.example.two+json',
    );
  });
});
