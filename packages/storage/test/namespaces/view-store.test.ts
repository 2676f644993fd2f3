import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openStorage, type Storage } from '../../src/index.ts';
import { ACTOR } from '../access-fixture.ts';

let nextId = 0;

/** Two handles, as two processes have them. */
async function openTwo(): Promise<{ here: Storage; there: Storage }> {
  const directory = await mkdtemp(path.join(tmpdir(), 'portolan-views-'));
  const open = () =>
    openStorage({
      directory,
      clock: Date.now,
      randomId: () => (nextId++).toString(16).padStart(32, '0'),
      times: { leaseMs: 60_000, uploadIdleMs: 60_000, orphanFileMs: 60_000 },
      diskFloorBytes: 0,
    });
  const [here, there] = [await open(), await open()];
  onTestFinished(async () => {
    await here.close();
    await there.close();
    await rm(directory, { recursive: true });
  });
  return { here, there };
}

type Change = (storage: Storage, name: string) => Promise<unknown>;
const WAYS: readonly [string, Change][] = [
  ['made by hand', (storage, name) => storage.namespaces.create({ name }, ACTOR)],
  ['made a mirror', (storage, name) => storage.namespaces.ensureMirror(name, ACTOR)],
];

describe.each(WAYS)('a namespace %s', (_how, make) => {
  it.each(['quay.io', 'localhost_5000', 'localhost'])(
    '%s is a view at once in every process, until it goes',
    async (name) => {
      const { here, there } = await openTwo();
      for (const { views } of [here, there]) {
        expect([await views.find(name), await views.all()]).toEqual([false, []]);
      }
      await make(there, name);
      for (const { views } of [here, there]) {
        expect([await views.find(name), await views.all()]).toEqual([true, [name]]);
      }
      await there.namespaces.delete(name, false, ACTOR);
      for (const { views } of [here, there]) {
        expect([await views.find(name), await views.all()]).toEqual([false, []]);
      }
    },
  );

  it.each(['team', 'team-1', 'a_b'])('%s is no view', async (name) => {
    const { here } = await openTwo();
    await make(here, name);
    expect([await here.views.find(name), await here.views.all()]).toEqual([false, []]);
  });
});

it("a user's own namespace is no view, whatever the user is named", async () => {
  const { here, there } = await openTwo();
  const user = { name: 'quay.io', isAdmin: false, passwordHash: 'x' };
  await there.subjects.createUser(user, ACTOR);
  for (const { views } of [here, there]) {
    expect([await views.find('quay.io'), await views.all()]).toEqual([false, []]);
  }
});
