// What withdraws a right ends tokens that were issued before; what widens one does not.
import type { AccessStamp } from '@portolan/oci';
import { describe, expect, it } from 'vitest';
import { type AccessFixture, ACTOR, openAccess } from '../access-fixture.ts';

async function stampOf(
  { subjects, namespaces }: AccessFixture,
  user: string,
  namespace: string,
): Promise<AccessStamp> {
  const subject = await subjects.find(user);
  const found = await namespaces.find(namespace);
  if (subject === undefined || found === undefined) throw new Error('the fixture is wrong');
  return {
    subject: [subject.id, subject.generation],
    namespaces: { [namespace]: [found.id, found.generation] },
  };
}

/** ann owns the team ops with the namespace apps; bob is a contributor, eve is nobody's. */
async function openOps(): Promise<AccessFixture> {
  const access = await openAccess();
  await access.addUser('root', true);
  await access.addUser('ann');
  await access.addUser('bob');
  await access.addUser('eve');
  await access.teams.create({ name: 'ops', description: '', owner: 'ann' }, ACTOR);
  await access.teams.create({ name: 'dev', description: '', owner: 'ann' }, ACTOR);
  await access.teams.setMember('ops', 'bob', 'contributor', ACTOR);
  const apps = { name: 'apps', team: 'ops', visibility: 'protected' } as const;
  await access.namespaces.create(apps, ACTOR);
  return access;
}

type Change = (access: AccessFixture) => Promise<unknown>;

const WITHDRAWS: readonly (readonly [string, Change])[] = [
  ['disabling the user', (a) => a.subjects.setDisabled('bob', true, ACTOR)],
  [
    'disabling and enabling the user',
    async (a) => {
      await a.subjects.setDisabled('bob', true, ACTOR);
      await a.subjects.setDisabled('bob', false, ACTOR);
    },
  ],
  [
    'making and unmaking an administrator',
    async (a) => {
      await a.subjects.setAdmin('bob', true, ACTOR);
      await a.subjects.setAdmin('bob', false, ACTOR);
    },
  ],
  ['deleting the user', (a) => a.subjects.delete('bob', ACTOR)],
  [
    'deleting the user and making one of the same name',
    async (a) => {
      await a.subjects.delete('bob', ACTOR);
      await a.addUser('bob');
    },
  ],
  ['a new password', (a) => a.credentials.setPassword('bob', 'new', ACTOR)],
  ['a lower role', (a) => a.teams.setMember('ops', 'bob', 'viewer', ACTOR)],
  ['leaving the team', (a) => a.teams.removeMember('ops', 'bob', ACTOR)],
  ['a narrower visibility', (a) => a.namespaces.set('apps', { visibility: 'private' }, ACTOR)],
  ['giving the namespace to another team', (a) => a.namespaces.set('apps', { team: 'dev' }, ACTOR)],
  ['making it a mirror', (a) => a.namespaces.ensureMirror('apps', ACTOR)],
  ['deleting the namespace', (a) => a.namespaces.delete('apps', true, ACTOR)],
  [
    'deleting the namespace and making one of the same name',
    async (a) => {
      await a.namespaces.delete('apps', true, ACTOR);
      await a.namespaces.create({ name: 'apps', team: 'ops' }, ACTOR);
    },
  ],
];

const KEEPS: readonly (readonly [string, Change])[] = [
  ['a wider visibility', (a) => a.namespaces.set('apps', { visibility: 'public' }, ACTOR)],
  ['the same visibility', (a) => a.namespaces.set('apps', { visibility: 'protected' }, ACTOR)],
  ['the same team', (a) => a.namespaces.set('apps', { team: 'ops' }, ACTOR)],
  ['sparse indexes', (a) => a.namespaces.set('apps', { allowsSparseIndexes: true }, ACTOR)],
  ['another namespace that becomes a mirror', (a) => a.namespaces.ensureMirror('quay.io', ACTOR)],
  ['membership of another team', (a) => a.teams.setMember('dev', 'bob', 'viewer', ACTOR)],
  ['the same role', (a) => a.teams.setMember('ops', 'bob', 'contributor', ACTOR)],
  ['a description', (a) => a.teams.setDescription('ops', 'x', ACTOR)],
  ['a new namespace', (a) => a.namespaces.create({ name: 'more', team: 'ops' }, ACTOR)],
  ['what happens to another user', (a) => a.subjects.setDisabled('eve', true, ACTOR)],
];

describe('a token already issued', () => {
  it.each(WITHDRAWS)('ends by %s, and every process is told', async (_name, change) => {
    const access = await openOps();
    const stamp = await stampOf(access, 'bob', 'apps');
    const before = await access.generations.current();
    expect(await access.stamps.isCurrent(stamp)).toBe(true);
    await change(access);
    expect(await access.stamps.isCurrent(stamp)).toBe(false);
    expect((await access.generations.current()).access).toBeGreaterThan(before.access);
  });

  it.each(KEEPS)('stays good through %s', async (_name, change) => {
    const access = await openOps();
    const stamp = await stampOf(access, 'bob', 'apps');
    await change(access);
    expect(await access.stamps.isCurrent(stamp)).toBe(true);
  });

  it('of an administrator ends when any namespace becomes a mirror, new or not', async () => {
    const access = await openOps();
    for (const name of ['quay.io', 'apps']) {
      const root = await access.subjects.find('root');
      if (root === undefined) throw new Error('the fixture is wrong');
      const stamp: AccessStamp = { subject: [root.id, root.generation], namespaces: {} };
      expect(await access.stamps.isCurrent(stamp)).toBe(true);
      await access.namespaces.ensureMirror(name, ACTOR);
      expect(await access.stamps.isCurrent(stamp)).toBe(false);
    }
  });

  it('of an administrator stays good when a mirror gets another rule', async () => {
    const access = await openOps();
    await access.namespaces.ensureMirror('quay.io', ACTOR);
    const before = await access.generations.current();
    await access.namespaces.ensureMirror('quay.io', ACTOR);
    expect(await access.generations.current()).toEqual(before);
  });

  it('of a member ends with the team', async () => {
    const access = await openOps();
    const { subject } = await stampOf(access, 'bob', 'apps');
    await access.namespaces.delete('apps', false, ACTOR);
    const before = await access.generations.current();
    await access.teams.delete('ops', ACTOR);
    const stamp = { ...(subject === undefined ? {} : { subject }), namespaces: {} };
    expect(await access.stamps.isCurrent(stamp)).toBe(false);
    expect((await access.generations.current()).access).toBeGreaterThan(before.access);
  });

  it('of a member ends, also for the catalog, when a namespace leaves the team', async () => {
    const access = await openOps();
    const { subject } = await stampOf(access, 'bob', 'apps');
    await access.namespaces.set('apps', { team: 'dev' }, ACTOR);
    const stamp = { ...(subject === undefined ? {} : { subject }), namespaces: {} };
    expect(await access.stamps.isCurrent(stamp)).toBe(false);
  });
});

it('writes one audit entry for each change, and none for a change that was refused', async () => {
  const access = await openOps();
  const before = (await access.auditActions()).length;
  await access.subjects.setDisabled('root', true, ACTOR).catch(() => undefined);
  await access.teams.removeMember('ops', 'ann', ACTOR).catch(() => undefined);
  await access.teams.delete('ops', ACTOR).catch(() => undefined);
  expect(await access.auditActions()).toHaveLength(before);
  await access.teams.setMember('ops', 'bob', 'viewer', ACTOR);
  await access.namespaces.set('apps', { visibility: 'private' }, ACTOR);
  await access.subjects.delete('bob', ACTOR);
  expect((await access.auditActions()).slice(before)).toEqual([
    'team.change-role ops',
    'namespace.set apps',
    'user.delete bob',
  ]);
});
