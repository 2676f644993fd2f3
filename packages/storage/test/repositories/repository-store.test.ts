import { type CatalogFilter, RepositoryName } from '@portolan/oci';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ensureMirrorNamespace } from '../../src/namespaces/mirror-namespace.ts';
import { type Content, openContent, temporaryDirectory } from '../fixtures/content.ts';
import { image } from '../fixtures/documents.ts';

let directory: ReturnType<typeof temporaryDirectory>;
let content: Content;
let ids: Map<string, number>;

beforeAll(async () => {
  directory = temporaryDirectory();
  content = await openContent(directory.path, { now: Date.now() });
  for (const name of ['open/b', 'open/a', 'half/a', 'closed/a', 'mine/a', 'single']) {
    const repository = RepositoryName.parse(name);
    await content.put(image(await content.addBlob('{}', repository)), { repository });
  }
  await content.addBlob('{}', RepositoryName.parse('open/empty'));
  const { database } = content.deps;
  for (const [name, visibility] of [
    ['open', 'public'],
    ['half', 'protected'],
  ] as const) {
    await database.write((tx) =>
      tx.updateTable('namespace').set({ visibility }).where('name', '=', name).execute(),
    );
  }
  const rows = await database.read.selectFrom('namespace').select(['id', 'name']).execute();
  ids = new Map(rows.map((row) => [row.name, row.id]));
});

afterAll(() => {
  content.close();
  directory.remove();
});

const idsOf = (...names: string[]) => names.map((name) => ids.get(name) ?? -1);
const ALL = ['closed/a', 'half/a', 'mine/a', 'open/a', 'open/b', 'single'];

const filters: [string, () => CatalogFilter, string[]][] = [
  ['everything that holds a manifest', () => 'all', ALL],
  ['nothing', () => ({ visibilities: [], namespaceIds: [] }), []],
  ['public ones', () => ({ visibilities: ['public'], namespaceIds: [] }), ['open/a', 'open/b']],
  [
    'public and protected ones',
    () => ({ visibilities: ['public', 'protected'], namespaceIds: [] }),
    ['half/a', 'open/a', 'open/b', 'single'],
  ],
  [
    'public ones and those of a namespace',
    () => ({ visibilities: ['public'], namespaceIds: idsOf('mine') }),
    ['mine/a', 'open/a', 'open/b'],
  ],
  [
    'those of a namespace',
    () => ({ visibilities: [], namespaceIds: idsOf('closed') }),
    ['closed/a'],
  ],
  [
    'those of 5,000 namespaces',
    () => ({
      visibilities: [],
      namespaceIds: [...Array.from({ length: 5000 }, (_, i) => i + 1000), ...idsOf('mine')],
    }),
    ['mine/a'],
  ],
];
test.each(filters)('lists %s', async (_, filter, names) => {
  expect(await content.repositories.list(filter(), { limit: 100 })).toEqual({
    names,
    hasMore: false,
  });
});

test.each([
  ['mirrored/a', true],
  ['mirrored/none', true],
  ['open/a', false],
  ['none/at-all', false],
  ['single', false],
])('%s is in a mirror: %s', async (name, expected) => {
  await content.deps.database.write((tx) =>
    ensureMirrorNamespace(tx, 'mirrored', { actor: 'ann', at: Date.now() }),
  );
  expect(await content.repositories.isInMirror(RepositoryName.parse(name))).toBe(expected);
});

test('pages by name, exclusive of the last one, and never counts what it hides', async () => {
  const filter = { visibilities: ['public'], namespaceIds: idsOf('mine') } as const;
  const page = (last: string | undefined, limit: number) =>
    content.repositories.list(filter, { limit, ...(last === undefined ? {} : { last }) });
  expect(await page(undefined, 2)).toEqual({ names: ['mine/a', 'open/a'], hasMore: true });
  expect(await page('open/a', 1)).toEqual({ names: ['open/b'], hasMore: false });
  expect(await page('mine', 1)).toEqual({ names: ['mine/a'], hasMore: true });
  expect(await page(undefined, 0)).toEqual({ names: [], hasMore: false });
});
