import { Digest, RepositoryName } from '@portolan/oci';
import { expect, it } from 'vitest';
import { openCommands } from './command-fixture.ts';

const DIGEST = 'sha256:2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881';

it('namespace create is private and for administrators unless said otherwise', async () => {
  const { run } = await openCommands();
  await run('team create ops');
  const bare = { kind: 'team', visibility: 'private', team: null, sparseIndexes: false };
  expect((await run('namespace create bare')).record).toMatchObject({ name: 'bare', ...bare });
  const full = await run('namespace create apps --team ops --visibility public');
  expect(full.record).toMatchObject({ name: 'apps', visibility: 'public', team: 'ops' });
});

it('namespace list shows all kinds, the global one as _', async () => {
  const { run } = await openCommands();
  await run('user create ann');
  await run('namespace create apps');
  const { rows, columns } = await run('namespace list');
  expect(rows?.map((row) => [row['name'], row['kind'], row['owner']])).toEqual([
    ['_', 'global', null],
    ['ann', 'personal', 'ann'],
    ['apps', 'team', null],
  ]);
  expect(columns).toEqual(['name', 'kind', 'visibility', 'team', 'owner']);
});

it('namespace set changes what is named and nothing else', async () => {
  const { run } = await openCommands();
  await run('team create ops');
  await run('namespace create apps --visibility protected');
  const sparse = await run('namespace set apps --sparse-indexes');
  expect(sparse.record).toMatchObject({ visibility: 'protected', sparseIndexes: true });
  const moved = await run('namespace set apps --team ops --no-sparse-indexes');
  expect(moved.record).toMatchObject({ team: 'ops', sparseIndexes: false });
  expect((await run('namespace set _ --visibility public')).record).toMatchObject({
    name: '_',
    visibility: 'public',
  });
});

it('namespace set --no-mirror makes a mirror an ordinary namespace', async () => {
  const { run, withStorage } = await openCommands();
  await withStorage(({ namespaces }) => namespaces.ensureMirror('docker.io', 'cli:tester'));
  const mirror = { name: 'docker.io', kind: 'mirror', visibility: 'private' };
  expect((await run('namespace show docker.io')).record).toMatchObject(mirror);
  const other = await run('namespace set docker.io --visibility public');
  expect(other.record).toMatchObject({ kind: 'mirror', visibility: 'public' });
  expect((await run('namespace set docker.io --no-mirror')).record).toMatchObject({ kind: 'team' });
});

it('namespace delete keeps content unless it is asked to take it along', async () => {
  const { run, withStorage } = await openCommands();
  await run('namespace create apps');
  await withStorage(async ({ uploads }) => {
    const repository = RepositoryName.parse('apps/web');
    const begun = await uploads.begin({ repository, subject: '' });
    const bytes = (async function* () {
      yield Buffer.from('x');
    })();
    await uploads.commit(await uploads.append(begun, { bytes }), Digest.parse(DIGEST));
  });
  await expect(run('namespace delete apps')).rejects.toMatchObject({
    code: 'still-in-use',
    detail: { repositories: 1 },
  });
  const { notes } = await run('namespace delete apps --with-content');
  expect(notes).toEqual(["Namespace 'apps' is deleted."]);
  await expect(run('namespace show apps')).rejects.toMatchObject({ code: 'not-found' });
  await withStorage(async ({ blobs }) => {
    const found = await blobs.find(RepositoryName.parse('apps/web'), Digest.parse(DIGEST));
    expect(found).toBeUndefined();
  });
});

it.each([
  ['namespace create _', 'account-name-invalid'],
  ['namespace create apps', 'name-taken'],
  ['namespace create ann', 'name-taken'],
  ['namespace create web --visibility open', 'visibility-invalid'],
  ['namespace set apps', 'nothing-to-change'],
  ['namespace set _ --visibility private', 'visibility-invalid'],
  ['namespace set _ --team ops', 'still-in-use'],
  ['namespace set ann --team ops', 'still-in-use'],
  ['namespace delete _ --with-content', 'still-in-use'],
  ['namespace delete ann', 'still-in-use'],
])('%s is refused with %s', async (line, code) => {
  const { run } = await openCommands();
  await run('user create ann');
  await run('team create ops');
  await run('namespace create apps');
  const before = (await run('namespace list')).rows;
  await expect(run(line)).rejects.toMatchObject({ code });
  expect((await run('namespace list')).rows).toEqual(before);
});
