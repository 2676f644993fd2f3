import { describe, expect, it } from 'vitest';
import { ACTOR, openAccess } from '../access-fixture.ts';
import { addRepository, digestOf } from '../repository-content.ts';

describe('creating a user', () => {
  it('makes the password and the private personal namespace of the same name', async () => {
    const { addUser, subjects, credentials, namespaces, time } = await openAccess();
    const made = await addUser('alice', true);
    const expected = { kind: 'user', name: 'alice', isAdmin: true, isDisabled: false };
    expect(made).toMatchObject({ ...expected, createdAt: time.now });
    expect(await subjects.find('alice')).toEqual(made);
    expect(await subjects.findById(made.id)).toEqual(made);
    expect(await credentials.passwordHash(made.id)).toBe("hash of alice's password");
    const personal = { kind: 'personal', owner: 'alice', team: undefined, visibility: 'private' };
    expect(await namespaces.find('alice')).toMatchObject(personal);
  });

  it('refuses the name of a user and the name of a namespace, and keeps nothing', async () => {
    const { addUser, subjects, namespaces, auditActions } = await openAccess();
    await addUser('alice');
    await namespaces.create({ name: 'apps' }, ACTOR);
    for (const [name, kind] of [
      ['alice', 'user'],
      ['apps', 'namespace'],
    ] as const) {
      await expect(addUser(name)).rejects.toMatchObject({ code: 'name-taken', detail: { kind } });
    }
    expect((await subjects.list()).map((user) => user.name)).toEqual(['alice']);
    expect(await auditActions()).toEqual(['user.create alice', 'namespace.create apps']);
  });

  it('lets one of two at the same time have the name', async () => {
    const { addUser, subjects } = await openAccess();
    const results = await Promise.allSettled([addUser('alice'), addUser('alice')]);
    expect(results.map((result) => result.status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await subjects.list()).toHaveLength(1);
  });
});

describe('the last administrator', () => {
  it.each(['disable', 'demote', 'delete'] as const)('cannot be lost by %s', async (verb) => {
    const { addUser, subjects } = await openAccess();
    await addUser('root', true);
    await addUser('other', true);
    await addUser('alice');
    // A disabled administrator can help nobody, and so does not count.
    await subjects.setDisabled('other', true, ACTOR);
    const attempt = {
      disable: () => subjects.setDisabled('root', true, ACTOR),
      demote: () => subjects.setAdmin('root', false, ACTOR),
      delete: () => subjects.delete('root', ACTOR),
    }[verb];
    await expect(attempt()).rejects.toMatchObject({ code: 'last-administrator' });
    await subjects.setDisabled('other', false, ACTOR);
    await expect(attempt()).resolves.toBeUndefined();
  });

  it('stays when two administrators demote each other at the same time', async () => {
    const { addUser, subjects } = await openAccess();
    await addUser('a', true);
    await addUser('b', true);
    await Promise.allSettled([
      subjects.setAdmin('a', false, ACTOR),
      subjects.setAdmin('b', false, ACTOR),
    ]);
    expect((await subjects.list()).filter((user) => user.isAdmin)).toHaveLength(1);
  });
});

describe('deleting a user', () => {
  it('takes credentials, memberships and the empty personal namespace along', async () => {
    const { addUser, subjects, teams, namespaces, credentials } = await openAccess();
    const alice = await addUser('alice');
    await addUser('bob');
    await teams.create({ name: 'ops', description: '', owner: 'bob' }, ACTOR);
    await teams.setMember('ops', 'alice', 'viewer', ACTOR);
    await subjects.delete('alice', ACTOR);
    expect(await subjects.find('alice')).toBeUndefined();
    expect(await credentials.passwordHash(alice.id)).toBeUndefined();
    expect(await teams.members('ops')).toEqual([{ subject: 'bob', role: 'owner' }]);
    expect(await namespaces.find('alice')).toBeUndefined();
  });

  it('keeps a personal namespace with repositories, private and without an owner', async () => {
    const { addUser, subjects, namespaces, database } = await openAccess();
    const alice = await addUser('alice');
    const before = await namespaces.find('alice');
    await addRepository(database, before?.id ?? 0, 'alice/app', digestOf('a'));
    await namespaces.set('alice', { visibility: 'public' }, ACTOR);
    await subjects.delete('alice', ACTOR);
    const after = await namespaces.find('alice');
    expect(after).toMatchObject({ id: before?.id, visibility: 'private', owner: undefined });
    expect(after?.generation).toBeGreaterThan(before?.generation ?? 0);
    expect(await namespaces.idsOf(alice.id)).toEqual([]);
    await expect(addUser('alice')).rejects.toMatchObject({ code: 'name-taken' });
    await namespaces.delete('alice', true, ACTOR);
    expect((await addUser('alice')).id).toBeGreaterThan(alice.id);
  });

  it('names the teams that would have no owner', async () => {
    const { addUser, subjects, teams } = await openAccess();
    await addUser('alice');
    await addUser('bob');
    for (const name of ['one', 'two', 'three']) {
      await teams.create({ name, description: '', owner: 'alice' }, ACTOR);
    }
    await teams.setMember('two', 'bob', 'owner', ACTOR);
    await expect(subjects.delete('alice', ACTOR)).rejects.toMatchObject({
      code: 'last-owner',
      detail: { teams: ['one', 'three'] },
    });
    expect(await subjects.find('alice')).toBeDefined();
  });

  it('never gives the id to another user', async () => {
    const { addUser, subjects } = await openAccess();
    const first = await addUser('alice');
    await subjects.delete('alice', ACTOR);
    const second = await addUser('alice');
    expect(second.id).not.toBe(first.id);
  });
});

it('leaves tokens and the audit log alone when nothing changes', async () => {
  const { addUser, subjects, auditActions } = await openAccess();
  const alice = await addUser('alice');
  await subjects.setAdmin('alice', false, ACTOR);
  await subjects.setDisabled('alice', false, ACTOR);
  expect(await subjects.find('alice')).toEqual(alice);
  expect(await auditActions()).toEqual(['user.create alice']);
});

it.each(['setAdmin', 'setDisabled'] as const)('%s refuses an unknown user', async (method) => {
  const { subjects } = await openAccess();
  const detail = { kind: 'user', name: 'nobody' };
  await expect(subjects[method]('nobody', true, ACTOR)).rejects.toMatchObject({
    code: 'not-found',
    detail,
  });
});
