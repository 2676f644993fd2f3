import { type Digest, RepositoryName, Tag } from '@portolan/oci';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Content, openContent, REPOSITORY, temporaryDirectory } from '../fixtures/content.ts';
import { image } from '../fixtures/documents.ts';

let directory: ReturnType<typeof temporaryDirectory>;
let content: Content;
let digest: Digest;
let config: Digest;

beforeEach(async () => {
  directory = temporaryDirectory();
  content = await openContent(directory.path, { now: Date.now() });
  config = await content.addBlob('{}');
  digest = await content.put(image(config), { tags: ['b', 'a', 'B', 'a.1', '_x', 'a-1'] });
});

afterEach(() => {
  content.close();
  directory.remove();
});

describe('list', () => {
  const pages: [string, { last?: string; limit: number }, string[], boolean][] = [
    ['everything, bytewise', { limit: 9 }, ['B', '_x', 'a', 'a-1', 'a.1', 'b'], false],
    ['exactly everything, without more', { limit: 6 }, ['B', '_x', 'a', 'a-1', 'a.1', 'b'], false],
    ['a first page', { limit: 2 }, ['B', '_x'], true],
    ['what comes after the last', { limit: 2, last: 'a' }, ['a-1', 'a.1'], true],
    ['what comes after a last that is no tag', { limit: 2, last: 'a0' }, ['b'], false],
    ['nothing past the end', { limit: 2, last: 'b' }, [], false],
    ['nothing, and no more, for a limit of 0', { limit: 0 }, [], false],
  ];
  test.each(pages)('gives %s', async (_, page, tags, hasMore) => {
    expect(await content.tags.list(REPOSITORY, page)).toEqual({ tags, hasMore });
  });

  test('is undefined for a repository that does not exist', async () => {
    expect(await content.tags.list(RepositoryName.parse('no/such'), { limit: 1 })).toBeUndefined();
  });

  test('gives each tag that stays exactly once while others come and go (P10)', async () => {
    const names = fc.uniqueArray(fc.stringMatching(/^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,5}$/), {
      minLength: 1,
      maxLength: 30,
    });
    let run = 0;
    await fc.assert(
      fc.asyncProperty(names, fc.integer({ min: 1, max: 7 }), async (tags, limit) => {
        const repository = RepositoryName.parse(`pages/r${run++}`);
        await content.addBlob('{}', repository);
        const staying = tags.filter((_, i) => i % 3 !== 0);
        await content.put(image(config), { repository, tags });
        const seen: string[] = [];
        let last: string | undefined;
        for (;;) {
          const after = last === undefined ? {} : { last };
          const page = await content.tags.list(repository, { limit, ...after });
          seen.push(...(page?.tags ?? []));
          last = seen.at(-1);
          const going = tags[3 * Math.floor(seen.length / 3)];
          if (going !== undefined && !staying.includes(going)) {
            await content.tags.delete(repository, Tag.parse(going), 'bob');
          }
          if (page?.hasMore !== true) break;
        }
        expect(seen).toEqual([...new Set(seen)].sort());
        expect(seen.filter((tag) => staying.includes(tag))).toEqual([...staying].sort());
      }),
      { numRuns: 30 },
    );
  });
});

describe('delete', () => {
  test('removes one tag and leaves its siblings and the manifest', async () => {
    expect(await content.tags.delete(REPOSITORY, Tag.parse('a'), 'bob')).toBe(true);
    expect(await content.tags.resolve(REPOSITORY, Tag.parse('a'))).toBeUndefined();
    expect(await content.tags.resolve(REPOSITORY, Tag.parse('b'))).toBe(digest);
    expect(await content.manifests.find(REPOSITORY, digest)).toBeDefined();
    expect(await content.tags.delete(REPOSITORY, Tag.parse('a'), 'bob')).toBe(false);
  });

  test('is in the history and in the audit log', async () => {
    await content.tags.delete(REPOSITORY, Tag.parse('a'), 'bob');
    const { read } = content.deps.database;
    const history = await read.selectFrom('tag_history').selectAll().execute();
    expect(history.at(-1)).toMatchObject({ name: 'a', digest: null, actor: 'bob' });
    const audit = await read.selectFrom('audit').selectAll().execute();
    expect(audit).toMatchObject([{ actor: 'bob', action: 'tag.delete', target: 'team/app:a' }]);
  });
});

test('a moved tag is seen at once by another process that has it cached', async () => {
  const other = await openContent(directory.path, { now: Date.now() });
  const tag = Tag.parse('a');
  expect(await other.tags.resolve(REPOSITORY, tag)).toBe(digest);
  const moved = await content.put(image(config, [config]), { tags: ['a'] });
  expect(await other.tags.resolve(REPOSITORY, tag)).toBe(moved);
  expect(await content.tags.resolve(REPOSITORY, tag)).toBe(moved);
  other.close();
});

test('puts and deletes of one tag from two processes leave what the last of them said (P7)', async () => {
  const other = await openContent(directory.path, { now: Date.now() });
  const digests = [digest, await content.put(image(config, [config]))];
  const step = fc.record({ handle: fc.nat(1), manifest: fc.nat(2) });
  const tag = Tag.parse('moving');
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      for (const { handle, manifest } of steps) {
        const store = handle === 0 ? content : other;
        if (manifest === 2) await store.tags.delete(REPOSITORY, tag, 'bob');
        else {
          const layers = manifest === 0 ? [] : [config];
          await store.put(image(config, layers), { tags: ['moving'] });
        }
        expect(await content.tags.resolve(REPOSITORY, tag)).toBe(digests[manifest]);
        expect(await other.tags.resolve(REPOSITORY, tag)).toBe(digests[manifest]);
      }
    }),
    { numRuns: 30 },
  );
  other.close();
});

test('of puts and deletes that run at once, the tag says what the last one did (P7)', async () => {
  const other = await openContent(directory.path, { now: Date.now() });
  await content.put(image(config, [config]));
  const tag = Tag.parse('contended');
  const step = fc.record({ handle: fc.nat(1), manifest: fc.nat(2) });
  const { read } = content.deps.database;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 12 }), async (steps) => {
      await Promise.all(
        steps.map(({ handle, manifest }) => {
          const store = handle === 0 ? content : other;
          if (manifest === 2) return store.tags.delete(REPOSITORY, tag, 'bob');
          const layers = manifest === 0 ? [] : [config];
          return store.put(image(config, layers), { tags: ['contended'] });
        }),
      );
      const query = read.selectFrom('tag_history').select('digest').where('name', '=', tag);
      const history = (await query.orderBy('id').execute()).map((row) => row.digest);
      // Every entry is a change, so no step can have acted on an old state.
      expect(history.filter((entry, i) => entry === history[i - 1])).toEqual([]);
      for (const store of [content, other]) {
        expect((await store.tags.resolve(REPOSITORY, tag)) ?? null).toBe(history.at(-1) ?? null);
      }
    }),
    { numRuns: 20 },
  );
  other.close();
});
