// distribution-spec "Content Discovery": tags in order and by pages, referrers by subject.
import { expect } from 'vitest';
import { makeIndex } from '../support/image.ts';
import type { ConformanceCase, ConformanceContext } from './conformance-case.ts';
import { DATA_SETS } from './data-sets.ts';
import { pushDataSet } from './push-data-set.ts';
import { expectRefusal, nextLink, type Repository } from './repository.ts';

const SECTION = 'Listing Tags';

interface TagList {
  readonly name: string;
  readonly tags: readonly string[];
}

async function listTags(repository: Repository, query: Record<string, string> = {}) {
  const answer = await repository.request('GET', repository.tags, { query });
  expect(answer.status, answer.body.toString()).toBe(200);
  expect(answer.headers.get('content-type')).toMatch(/^application\/json\b/);
  return { list: answer.json() as TagList, next: nextLink(answer) };
}

// Bytewise: digits, upper case, underscore, lower case. Pushed in another order.
const SORTED = ['0.9', '1.10', '1.2', 'B', 'Z-1', '_x', 'a', 'b.c', 'latest', 'z'];
const SHUFFLED = ['latest', 'a', 'Z-1', '1.2', 'z', 'B', '_x', '1.10', 'b.c', '0.9'];

async function tagged(context: ConformanceContext): Promise<Repository> {
  const repository = await context.repository();
  const { root } = makeIndex([]);
  for (const tag of SHUFFLED) await repository.pushManifest(root, tag);
  return repository;
}

interface PageRow {
  readonly name: string;
  readonly query: Record<string, string>;
  readonly tags: readonly string[];
  readonly hasNext: boolean;
}

const PAGES: readonly PageRow[] = [
  { name: 'all tags in order', query: {}, tags: SORTED, hasNext: false },
  { name: 'the first `n`', query: { n: '3' }, tags: SORTED.slice(0, 3), hasNext: true },
  { name: 'no tag and no Link for `n=0`', query: { n: '0' }, tags: [], hasNext: false },
  { name: 'all when `n` is their number', query: { n: '10' }, tags: SORTED, hasNext: false },
  { name: 'all when `n` is larger', query: { n: '11' }, tags: SORTED, hasNext: false },
  { name: 'all when `n` is absurd', query: { n: '999999999' }, tags: SORTED, hasNext: false },
  {
    name: 'what comes after `last`',
    query: { last: 'Z-1' },
    tags: SORTED.slice(5),
    hasNext: false,
  },
  {
    name: 'what comes after a `last` that is no tag',
    query: { last: 'aa' },
    tags: SORTED.slice(7),
    hasNext: false,
  },
  {
    name: 'a page in the middle',
    query: { n: '4', last: '1.10' },
    tags: SORTED.slice(2, 6),
    hasNext: true,
  },
  { name: 'nothing after the last tag', query: { n: '4', last: 'z' }, tags: [], hasNext: false },
];

const pages: ConformanceCase[] = PAGES.map(({ name, query, tags, hasNext }) => ({
  section: SECTION,
  name: `lists ${name}`,
  async run(context) {
    const repository = await tagged(context);
    const { list, next } = await listTags(repository, query);
    expect(list).toEqual({ name: repository.name, tags });
    expect(next !== undefined).toBe(hasNext);
  },
}));

const badCounts: ConformanceCase[] = ['-1', 'ten', '1.5', ''].map((n) => ({
  section: SECTION,
  name: `refuses \`n=${n}\``,
  async run(context) {
    const repository = await tagged(context);
    const answer = await repository.request('GET', repository.tags, { query: { n } });
    expect(answer.status).toBe(400);
    expect(answer.json()).toHaveProperty('errors.0.code');
  },
}));

const dataSets: ConformanceCase[] = DATA_SETS.map(({ name, algorithm, make }) => ({
  section: SECTION,
  name: `lists the tags of ${name}, ${algorithm}`,
  async run(context) {
    const repository = await context.repository();
    const set = make();
    await pushDataSet(repository, set);
    const expected = set.manifests.flatMap((manifest) => manifest.tags).sort();
    expect((await listTags(repository)).list.tags).toEqual(expected);
  },
}));

const others: ConformanceCase[] = [
  {
    section: SECTION,
    name: 'walks all tags by the Link of each page',
    async run(context) {
      const repository = await tagged(context);
      const tags: string[] = [];
      let target: string | undefined = `${repository.tags}?n=3`;
      while (target !== undefined) {
        const answer = await repository.request('GET', target);
        expect(answer.status).toBe(200);
        tags.push(...(answer.json() as TagList).tags);
        target = nextLink(answer);
      }
      expect(tags).toEqual(SORTED);
    },
  },
  {
    section: SECTION,
    name: 'answers 404 for a repository that is not there',
    async run(context) {
      const repository = await context.repository();
      expectRefusal(await repository.request('GET', repository.tags), 404, 'NAME_UNKNOWN');
    },
  },
  {
    section: SECTION,
    name: 'lists no tag for a repository without one',
    async run(context) {
      const repository = await context.repository();
      await repository.pushManifest(makeIndex([]).root);
      expect((await listTags(repository)).list).toEqual({ name: repository.name, tags: [] });
    },
  },
  {
    section: 'Extensions',
    name: 'lists extensions at the registry and at a repository',
    async run(context) {
      const repository = await context.repository();
      await repository.pushManifest(makeIndex([]).root);
      for (const path of ['/v2/_oci/ext/discover', `/v2/${repository.name}/_oci/ext/discover`]) {
        const answer = await repository.request('GET', path);
        expect(answer.status, path).toBe(200);
        expect(Array.isArray((answer.json() as { extensions: unknown }).extensions)).toBe(true);
      }
    },
  },
  {
    section: 'Extensions',
    name: 'pages through the catalog',
    async run(context) {
      const made = [await tagged(context), await tagged(context), await tagged(context)];
      const session = await context.session(['registry:catalog:*']);
      const names: string[] = [];
      let target: string | undefined = '/v2/_catalog?n=2';
      while (target !== undefined) {
        const answer = await session.request('GET', target);
        expect(answer.status).toBe(200);
        names.push(...(answer.json() as { repositories: string[] }).repositories);
        target = nextLink(answer);
      }
      expect(names).toEqual(expect.arrayContaining(made.map((repository) => repository.name)));
      expect(names).toEqual([...new Set(names)].sort());
    },
  },
];

export const CONTENT_DISCOVERY_CASES: readonly ConformanceCase[] = [
  ...dataSets,
  ...pages,
  ...badCounts,
  ...others,
];
