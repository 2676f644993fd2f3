import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Role } from '../../src/teams/team.ts';
import { ACTOR, openAccess } from '../access-fixture.ts';

const USERS = ['ann', 'bob', 'cid'] as const;

describe('a team', () => {
  it('is made with its owner, and shows on both sides', async () => {
    const { addUser, teams } = await openAccess();
    await addUser('ann');
    const made = await teams.create({ name: 'ops', description: 'x', owner: 'ann' }, ACTOR);
    expect(await teams.find('ops')).toEqual(made);
    expect(await teams.list()).toEqual([made]);
    expect(await teams.members('ops')).toEqual([{ subject: 'ann', role: 'owner' }]);
    expect(await teams.membershipsOf('ann')).toEqual([{ team: 'ops', role: 'owner' }]);
  });

  it('is not made when its owner is unknown or its name taken', async () => {
    const { teams } = await openAccess();
    const request = { name: 'ops', description: '', owner: 'nobody' };
    await expect(teams.create(request, ACTOR)).rejects.toMatchObject({ code: 'not-found' });
    expect(await teams.list()).toEqual([]);
    await teams.create({ name: 'ops', description: '' }, ACTOR);
    await expect(teams.create({ name: 'ops', description: '' }, ACTOR)).rejects.toMatchObject({
      code: 'name-taken',
    });
  });

  it('takes another description', async () => {
    const { teams } = await openAccess();
    await teams.create({ name: 'ops', description: '' }, ACTOR);
    await teams.setDescription('ops', 'runs it', ACTOR);
    expect(await teams.find('ops')).toMatchObject({ description: 'runs it' });
  });

  it('cannot be deleted while it owns namespaces', async () => {
    const { teams, namespaces } = await openAccess();
    await teams.create({ name: 'ops', description: '' }, ACTOR);
    await namespaces.create({ name: 'apps', team: 'ops' }, ACTOR);
    await expect(teams.delete('ops', ACTOR)).rejects.toMatchObject({
      code: 'still-in-use',
      detail: { namespaces: ['apps'] },
    });
    await namespaces.delete('apps', false, ACTOR);
    await teams.delete('ops', ACTOR);
    expect(await teams.find('ops')).toBeUndefined();
  });
});

describe('members', () => {
  it('cannot be removed when they are none', async () => {
    const { addUser, teams } = await openAccess();
    await addUser('ann');
    await teams.create({ name: 'ops', description: '' }, ACTOR);
    await expect(teams.removeMember('ops', 'ann', ACTOR)).rejects.toMatchObject({
      code: 'not-found',
      detail: { kind: 'member', team: 'ops', name: 'ann' },
    });
  });

  it('keep one owner when two remove each other at the same time', async () => {
    const { addUser, teams } = await openAccess();
    await addUser('ann');
    await addUser('bob');
    await teams.create({ name: 'ops', description: '', owner: 'ann' }, ACTOR);
    await teams.setMember('ops', 'bob', 'owner', ACTOR);
    const results = await Promise.allSettled([
      teams.removeMember('ops', 'ann', ACTOR),
      teams.setMember('ops', 'bob', 'viewer', ACTOR),
    ]);
    expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected']);
    expect(await teams.members('ops')).toEqual([{ subject: 'bob', role: 'owner' }]);
  });

  const role = fc.constantFrom<Role>('viewer', 'contributor', 'owner');
  const step = fc.record({
    user: fc.constantFrom(...USERS),
    role: fc.option(role, { nil: undefined }),
  });

  it('follow a model in which an owner is never the last to go', async () => {
    const { addUser, teams } = await openAccess();
    for (const name of USERS) await addUser(name);
    let number = 0;
    const property = fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const team = `team-${++number}`;
      await teams.create({ name: team, description: '' }, ACTOR);
      const model = new Map<string, Role>();
      for (const { user, role: next } of steps) {
        const isOwner = model.get(user) === 'owner';
        const owners = [...model.values()].filter((known) => known === 'owner').length;
        let expected: string | undefined;
        if (isOwner && owners === 1 && next !== 'owner') expected = 'last-owner';
        else if (next === undefined && !model.has(user)) expected = 'not-found';
        const change =
          next === undefined
            ? teams.removeMember(team, user, ACTOR)
            : teams.setMember(team, user, next, ACTOR);
        const code = await change.then(
          () => undefined,
          (error: { code: string }) => error.code,
        );
        expect(code).toBe(expected);
        if (code !== undefined) continue;
        if (next === undefined) model.delete(user);
        else model.set(user, next);
      }
      const members = await teams.members(team);
      expect(new Map(members.map((member) => [member.subject, member.role]))).toEqual(model);
    });
    await fc.assert(property, { numRuns: 40 });
  });
});
