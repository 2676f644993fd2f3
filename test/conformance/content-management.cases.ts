// distribution-spec "Content Management": a delete is done when it is answered, and takes nothing
// else with it.
import { expect } from 'vitest';
import { type Algorithm, makeImage, makeIndex, randomBlob } from '../support/image.ts';
import type { ConformanceCase, ConformanceContext } from './conformance-case.ts';
import { DATA_SETS } from './data-sets.ts';
import { pushDataSet } from './push-data-set.ts';
import { expectRefusal, type Repository } from './repository.ts';

/** Deletes, and finds it gone at once. */
async function expectDeleted(repository: Repository, path: string) {
  const answer = await repository.request('DELETE', path);
  expect(answer.status, answer.body.toString()).toBe(202);
  for (const method of ['HEAD', 'GET']) {
    expect((await repository.request(method, path)).status, `${method} ${path}`).toBe(404);
  }
}

const dataSets: ConformanceCase[] = DATA_SETS.map(({ name, algorithm, make }) => ({
  section: 'Content Management',
  name: `deletes the tags, manifests and blobs of ${name}, ${algorithm}`,
  async run(context) {
    const repository = await context.repository();
    const set = make();
    await pushDataSet(repository, set);
    for (const { content, tags } of set.manifests) {
      for (const tag of tags) {
        await expectDeleted(repository, repository.manifest(tag));
        const digest = repository.manifest(content.digest);
        expect((await repository.request('HEAD', digest)).status).toBe(200);
      }
    }
    for (const { content } of set.manifests.toReversed()) {
      await expectDeleted(repository, repository.manifest(content.digest));
    }
    for (const { digest } of set.blobs) await expectDeleted(repository, repository.blob(digest));
  },
}));

async function statusOf(repository: Repository, reference: string): Promise<number> {
  return (await repository.request('HEAD', repository.manifest(reference))).status;
}

/** One image under the given tags. */
async function pushImage(repository: Repository, tags: readonly string[], algorithm?: Algorithm) {
  const image = makeImage(algorithm === undefined ? {} : { algorithm });
  for (const blob of image.blobs) await repository.pushBlob(blob);
  await repository.pushManifest(image.root);
  for (const tag of tags) await repository.pushManifest(image.root, tag);
  return image;
}

async function tagsOf(repository: Repository) {
  const answer = await repository.request('GET', repository.tags);
  return (answer.json() as { tags: string[] }).tags;
}

const behaviours: ConformanceCase[] = [
  {
    section: 'Deleting tags',
    name: 'keeps the manifest and the other tags of a deleted tag',
    async run(context) {
      const repository = await context.repository();
      const { root } = await pushImage(repository, ['a', 'b']);
      await expectDeleted(repository, repository.manifest('a'));
      expect(await statusOf(repository, 'b')).toBe(200);
      expect(await statusOf(repository, root.digest)).toBe(200);
      expect(await tagsOf(repository)).toEqual(['b']);
    },
  },
  {
    section: 'Deleting tags',
    name: 'takes a tag again after it was deleted',
    async run(context) {
      const repository = await context.repository();
      const { root } = await pushImage(repository, ['a']);
      await expectDeleted(repository, repository.manifest('a'));
      await repository.pushManifest(root, 'a');
      expect(await statusOf(repository, 'a')).toBe(200);
    },
  },
  {
    section: 'Deleting Manifests',
    name: 'deletes every tag of a deleted manifest and no other',
    async run(context) {
      const repository = await context.repository();
      const { root } = await pushImage(repository, ['a', 'b']);
      await pushImage(repository, ['c']);
      await expectDeleted(repository, repository.manifest(root.digest));
      expect(await statusOf(repository, 'a')).toBe(404);
      expect(await statusOf(repository, 'b')).toBe(404);
      expect(await tagsOf(repository)).toEqual(['c']);
    },
  },
  {
    section: 'Deleting Manifests',
    name: 'keeps the children of a deleted index',
    async run(context) {
      const repository = await context.repository();
      const child = await pushImage(repository, []);
      const index = makeIndex([child]).root;
      await repository.pushManifest(index, 'index');
      await expectDeleted(repository, repository.manifest(index.digest));
      expect(await statusOf(repository, child.root.digest)).toBe(200);
    },
  },
  {
    section: 'Deleting Manifests',
    name: 'takes a manifest again after it was deleted',
    async run(context) {
      const repository = await context.repository();
      const { root } = await pushImage(repository, ['a']);
      await expectDeleted(repository, repository.manifest(root.digest));
      await repository.pushManifest(root, 'a');
      expect(await statusOf(repository, root.digest)).toBe(200);
    },
  },
  {
    section: 'Deleting Blobs',
    name: 'keeps the same blob of another repository',
    async run(context) {
      const [one, other] = [await context.repository(), await context.repository()];
      const blob = randomBlob(64);
      await one.pushBlob(blob);
      await other.pushBlob(blob);
      await expectDeleted(one, one.blob(blob.digest));
      const kept = await other.request('GET', other.blob(blob.digest));
      expect(kept.status).toBe(200);
      expect(kept.body.equals(blob.bytes)).toBe(true);
    },
  },
  {
    section: 'Deleting Blobs',
    name: 'takes a blob again after it was deleted',
    async run(context) {
      const repository = await context.repository();
      const blob = randomBlob(64);
      await repository.pushBlob(blob);
      await expectDeleted(repository, repository.blob(blob.digest));
      await repository.pushBlob(blob);
      expect((await repository.request('HEAD', repository.blob(blob.digest))).status).toBe(200);
    },
  },
];

interface AbsentRow {
  readonly section: string;
  readonly what: string;
  readonly code: string;
  readonly path: (repository: Repository) => string;
}

const ABSENT: readonly AbsentRow[] = (['sha256', 'sha512'] as const).flatMap((algorithm) => [
  {
    section: 'Deleting Manifests',
    what: `a manifest, ${algorithm}`,
    code: 'MANIFEST_UNKNOWN',
    path: ({ manifest }) => manifest(randomBlob(9, algorithm).digest),
  },
  {
    section: 'Deleting Blobs',
    what: `a blob, ${algorithm}`,
    code: 'BLOB_UNKNOWN',
    path: ({ blob }) => blob(randomBlob(9, algorithm).digest),
  },
]);

const absent: ConformanceCase[] = [
  ...ABSENT,
  {
    section: 'Deleting tags',
    what: 'a tag',
    code: 'MANIFEST_UNKNOWN',
    path: ({ manifest }: Repository) => manifest('missing'),
  },
].map(({ section, what, code, path }) => ({
  section,
  name: `answers 404 to the delete of what is not there: ${what}`,
  async run(context: ConformanceContext) {
    const repository = await context.repository();
    await pushImage(repository, ['a']);
    expectRefusal(await repository.request('DELETE', path(repository)), 404, code);
    const elsewhere = await context.repository();
    expect((await elsewhere.request('DELETE', path(elsewhere))).status).toBe(404);
  },
}));

const rights: ConformanceCase = {
  section: 'Content Management',
  name: 'deletes nothing for a token without the delete action',
  async run(context) {
    const full = await context.repository();
    const { root, blobs } = await pushImage(full, ['a']);
    const narrow = await context.reopen(full, [`repository:${full.name}:pull,push`]);
    const [blob = root] = blobs;
    const paths = [full.manifest('a'), full.manifest(root.digest), full.blob(blob.digest)];
    for (const path of paths) {
      expectRefusal(await narrow.request('DELETE', path), 401, 'UNAUTHORIZED');
      expect((await full.request('HEAD', path)).status).toBe(200);
    }
  },
};

export const CONTENT_MANAGEMENT_CASES: readonly ConformanceCase[] = [
  ...dataSets,
  ...behaviours,
  ...absent,
  rights,
];
