import { describe, expect, it } from 'vitest';
import { ACTOR, openAccess } from '../access-fixture.ts';
import { addRepository, digestOf } from '../repository-content.ts';

describe('a namespace', () => {
  it('is private and without a team unless said otherwise', async () => {
    const { namespaces, teams } = await openAccess();
    await teams.create({ name: 'ops', description: '' }, ACTOR);
    const bare = await namespaces.create({ name: 'bare' }, ACTOR);
    expect(bare).toMatchObject({ kind: 'team', team: undefined, visibility: 'private' });
    const full = { name: 'full', team: 'ops', visibility: 'public' } as const;
    expect(await namespaces.create(full, ACTOR)).toMatchObject({ ...full, generation: 0 });
    expect(await namespaces.find('full')).toMatchObject(full);
    expect((await namespaces.list()).map(({ name }) => name)).toEqual(['', 'bare', 'full']);
  });

  it.each([
    ['a taken name', { name: 'bare' }, 'name-taken'],
    ['a name of a user', { name: 'ann' }, 'name-taken'],
    ['an unknown team', { name: 'other', team: 'none' }, 'not-found'],
  ])('is not made with %s', async (_case, request, code) => {
    const { namespaces, addUser } = await openAccess();
    await addUser('ann');
    await namespaces.create({ name: 'bare' }, ACTOR);
    await expect(namespaces.create(request, ACTOR)).rejects.toMatchObject({ code });
  });

  it('changes all that is asked for, or nothing', async () => {
    const { namespaces, teams } = await openAccess();
    await teams.create({ name: 'ops', description: '' }, ACTOR);
    await namespaces.create({ name: 'apps' }, ACTOR);
    const settings = { visibility: 'protected', allowsSparseIndexes: true } as const;
    await expect(
      namespaces.set('apps', { ...settings, team: 'none' }, ACTOR),
    ).rejects.toMatchObject({ code: 'not-found', detail: { kind: 'team' } });
    const untouched = { visibility: 'private', allowsSparseIndexes: false };
    expect(await namespaces.find('apps')).toMatchObject(untouched);
    await namespaces.set('apps', { ...settings, team: 'ops' }, ACTOR);
    expect(await namespaces.find('apps')).toMatchObject({ ...settings, team: 'ops' });
  });

  it('does not go to a team when it is the global one or a living user’s', async () => {
    const { namespaces, teams, addUser } = await openAccess();
    await addUser('ann');
    await teams.create({ name: 'ops', description: '' }, ACTOR);
    for (const name of ['', 'ann']) {
      await expect(namespaces.set(name, { team: 'ops' }, ACTOR)).rejects.toMatchObject({
        code: 'still-in-use',
      });
    }
  });
});

describe('access', () => {
  it('tells the role, one’s own, and nothing to others', async () => {
    const { namespaces, teams, addUser } = await openAccess();
    const ann = await addUser('ann');
    const bob = await addUser('bob');
    await teams.create({ name: 'ops', description: '', owner: 'ann' }, ACTOR);
    await teams.setMember('ops', 'bob', 'viewer', ACTOR);
    await namespaces.create({ name: 'apps', team: 'ops' }, ACTOR);
    const rows = [
      [ann.id, 'apps', 'owner', false],
      [bob.id, 'apps', 'viewer', false],
      [undefined, 'apps', undefined, false],
      [ann.id, 'ann', undefined, true],
      [bob.id, 'ann', undefined, false],
      [undefined, 'ann', undefined, false],
      [ann.id, '', undefined, false],
    ] as const;
    for (const [subject, name, role, isOwn] of rows) {
      const access = await namespaces.accessOf(subject, name);
      expect(access, `${subject} on ${name}`).toMatchObject({ role, isOwn, namespace: { name } });
    }
    expect(await namespaces.accessOf(ann.id, 'none')).toBeUndefined();
  });

  it('lists what a subject has a role on, and its own', async () => {
    const { namespaces, teams, addUser } = await openAccess();
    const ann = await addUser('ann');
    const bob = await addUser('bob');
    await teams.create({ name: 'ops', description: '', owner: 'ann' }, ACTOR);
    const apps = await namespaces.create({ name: 'apps', team: 'ops' }, ACTOR);
    await namespaces.create({ name: 'bare' }, ACTOR);
    const own = await namespaces.find('ann');
    expect(await namespaces.idsOf(ann.id)).toEqual([own?.id, apps.id]);
    expect(await namespaces.idsOf(bob.id)).not.toContain(apps.id);
  });
});

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
    return undefined;
  } catch (error) {
    return error;
  }
}

describe('a namespace as a mirror', () => {
  it.each([
    ['is new', 'docker.io', undefined],
    ['is empty', 'bare', undefined],
    ['holds repositories', 'apps', 'name-taken'],
    ['is a user’s own', 'ann', 'name-taken'],
    ['is the global one', '', 'name-taken'],
  ])('is foreseen when it %s', async (_, name, code) => {
    const { namespaces, database, addUser } = await openAccess();
    await addUser('ann');
    await namespaces.create({ name: 'bare' }, ACTOR);
    const { id } = await namespaces.create({ name: 'apps' }, ACTOR);
    await addRepository(database, id, 'apps/web', digestOf('a'));
    const before = await namespaces.list();
    const foreseen = await failureOf(namespaces.checkMirror(name));
    expect(await namespaces.list()).toEqual(before);
    expect(await failureOf(namespaces.ensureMirror(name, ACTOR))).toEqual(foreseen);
    expect(foreseen).toEqual(code && expect.objectContaining({ code }));
  });
});

describe('deleting a namespace', () => {
  it('is refused while it holds repositories', async () => {
    const { namespaces, database } = await openAccess();
    const { id } = await namespaces.create({ name: 'apps' }, ACTOR);
    await addRepository(database, id, 'apps/web', digestOf('a'));
    await expect(namespaces.delete('apps', false, ACTOR)).rejects.toMatchObject({
      code: 'still-in-use',
      detail: { repositories: 1 },
    });
    expect(await namespaces.find('apps')).toBeDefined();
  });

  it.each(['', 'ann'])('is refused for the global one and a user’s own (%s)', async (name) => {
    const { namespaces, addUser } = await openAccess();
    await addUser('ann');
    await expect(namespaces.delete(name, true, ACTOR)).rejects.toMatchObject({
      code: 'still-in-use',
    });
  });

  it('takes its content along, asks for a look at its blobs, and leaves others alone', async () => {
    const { namespaces, database, generations, time } = await openAccess();
    const apps = await namespaces.create({ name: 'apps' }, ACTOR);
    const other = await namespaces.create({ name: 'other' }, ACTOR);
    await addRepository(database, apps.id, 'apps/web', digestOf('a'));
    await addRepository(database, apps.id, 'apps/api', digestOf('b'));
    await addRepository(database, other.id, 'other/web', digestOf('a'));
    const before = await generations.current();
    await namespaces.delete('apps', true, ACTOR);
    const { read } = database;
    const tables = ['repository', 'manifest', 'manifest_reference', 'tag', 'tag_history'] as const;
    for (const table of [...tables, 'repository_blob'] as const) {
      expect(await read.selectFrom(table).selectAll().execute(), table).toHaveLength(1);
    }
    const reviews = await read.selectFrom('review').selectAll().orderBy('digest').execute();
    const due = { kind: 'blob', repository_id: 0, review_after: time.now };
    expect(reviews).toEqual([
      { ...due, digest: digestOf('a') },
      { ...due, digest: digestOf('b') },
    ]);
    const after = await generations.current();
    expect(after).toEqual({ access: before.access + 1, content: before.content + 1 });
    const again = await namespaces.create({ name: 'apps' }, ACTOR);
    expect(again.id).toBeGreaterThan(other.id);
  });
});
