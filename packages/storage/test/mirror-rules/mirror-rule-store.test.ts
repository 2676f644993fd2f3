import { RepositoryName } from '@portolan/oci';
import { describe, expect, it } from 'vitest';
import type { NewMirrorRule } from '../../src/mirror-rules/mirror-rule-store.ts';
import { ACTOR, openAccess } from '../access-fixture.ts';
import { addRepository, digestOf } from '../repository-content.ts';

function newRule(destination = 'docker.io/library/busybox', more = {}): NewMirrorRule {
  return {
    upstream: 'docker.io',
    path: RepositoryName.parse('library/busybox'),
    destination: RepositoryName.parse(destination),
    settings: { tags: ['musl'] },
    nextRunAt: undefined,
    ...more,
  };
}

describe('a rule', () => {
  it('is made, found by its destination, changed and deleted', async () => {
    const { mirrorRules, time, auditActions } = await openAccess();
    const rule = await mirrorRules.create(newRule(), ACTOR);
    expect(rule).toMatchObject({ ...newRule(), createdAt: time.now, updatedAt: time.now });
    expect(await mirrorRules.findByDestination(rule.destination)).toEqual(rule);
    time.now += 5;
    await mirrorRules.update(rule.id, { settings: { tags: [] }, nextRunAt: 7 }, ACTOR);
    const changed = { ...rule, settings: { tags: [] }, nextRunAt: 7, updatedAt: time.now };
    expect(await mirrorRules.list()).toEqual([changed]);
    await mirrorRules.delete(rule.id, ACTOR);
    expect(await mirrorRules.list()).toEqual([]);
    expect(await auditActions()).toEqual([
      'namespace.create docker.io',
      'mirror-rule.create docker.io/library/busybox',
      'mirror-rule.update docker.io/library/busybox',
      'mirror-rule.delete docker.io/library/busybox',
    ]);
  });

  it('is the only one that writes to its destination', async () => {
    const { mirrorRules } = await openAccess();
    await mirrorRules.create(newRule(), ACTOR);
    const other = newRule(undefined, { upstream: 'quay.io' });
    await expect(mirrorRules.create(other, ACTOR)).rejects.toMatchObject({
      code: 'name-taken',
      detail: { kind: 'mirror rule', upstream: 'docker.io/library/busybox' },
    });
  });

  it('is not found, to be changed or deleted, when it is not there', async () => {
    const { mirrorRules } = await openAccess();
    const changes = { settings: {}, nextRunAt: undefined };
    const unknown = { code: 'not-found' };
    await expect(mirrorRules.update(7, changes, ACTOR)).rejects.toMatchObject(unknown);
    await expect(mirrorRules.delete(7, ACTOR)).rejects.toMatchObject(unknown);
  });

  it('is due from its time on, the longest overdue first', async () => {
    const { mirrorRules, time } = await openAccess();
    const { now } = time;
    for (const [name, nextRunAt] of [
      ['late', now - 2],
      ['later', now - 1],
      ['just', now],
      ['not-yet', now + 1],
      ['never', undefined],
    ] as const) {
      await mirrorRules.create(newRule(`docker.io/${name}`, { nextRunAt }), ACTOR);
    }
    const names = async () => (await mirrorRules.due()).map(({ destination }) => destination);
    expect(await names()).toEqual(['docker.io/late', 'docker.io/later', 'docker.io/just']);
    const [late] = await mirrorRules.due();
    await mirrorRules.setNextRun(late?.id ?? 0, undefined);
    time.now += 1;
    expect(await names()).toEqual(['docker.io/later', 'docker.io/just', 'docker.io/not-yet']);
  });
});

describe('the namespace of a destination', () => {
  it('is made as a private mirror that takes sparse indexes', async () => {
    const { mirrorRules, namespaces } = await openAccess();
    await mirrorRules.create(newRule(), ACTOR);
    expect(await namespaces.find('docker.io')).toMatchObject({
      kind: 'team',
      team: undefined,
      visibility: 'private',
      isMirror: true,
      allowsSparseIndexes: true,
    });
  });

  it('keeps what was set for it when another rule comes', async () => {
    const { mirrorRules, namespaces } = await openAccess();
    await mirrorRules.create(newRule(), ACTOR);
    const settings = { visibility: 'public', allowsSparseIndexes: false } as const;
    await namespaces.set('docker.io', settings, ACTOR);
    await mirrorRules.create(newRule('docker.io/other'), ACTOR);
    expect(await namespaces.find('docker.io')).toMatchObject({ ...settings, isMirror: true });
  });

  it('may be an empty one of a team, which goes on to own it', async () => {
    const { mirrorRules, namespaces, teams } = await openAccess();
    await teams.create({ name: 'ops', description: '' }, ACTOR);
    await namespaces.create({ name: 'apps', team: 'ops', visibility: 'public' }, ACTOR);
    await mirrorRules.create(newRule('apps/busybox'), ACTOR);
    const expected = { team: 'ops', visibility: 'public', isMirror: true };
    expect(await namespaces.find('apps')).toMatchObject(expected);
  });

  it.each([
    ['holds repositories', 'apps/busybox'],
    ['is a user’s own', 'ann/busybox'],
    ['is the global one', 'busybox'],
  ])('is refused when it %s, and nothing is left of the rule', async (_why, destination) => {
    const { mirrorRules, namespaces, upstreams, database, addUser } = await openAccess();
    await addUser('ann');
    const { id } = await namespaces.create({ name: 'apps' }, ACTOR);
    await addRepository(database, id, 'apps/web', digestOf('a'));
    await expect(mirrorRules.create(newRule(destination), ACTOR)).rejects.toMatchObject({
      code: 'name-taken',
      detail: { kind: 'namespace', hint: expect.any(String) },
    });
    expect(await mirrorRules.list()).toEqual([]);
    expect(await upstreams.list()).toEqual([]);
    expect((await namespaces.list()).some(({ isMirror }) => isMirror)).toBe(false);
  });

  it('stays a mirror while rules write to it, and until it is told not to be one', async () => {
    const { mirrorRules, namespaces } = await openAccess();
    const rule = await mirrorRules.create(newRule(), ACTOR);
    const refused = { code: 'still-in-use', detail: { rules: 1 } };
    const end = () => namespaces.set('docker.io', { isMirror: false }, ACTOR);
    await expect(end()).rejects.toMatchObject(refused);
    await expect(namespaces.delete('docker.io', true, ACTOR)).rejects.toMatchObject(refused);
    await mirrorRules.delete(rule.id, ACTOR);
    expect(await namespaces.find('docker.io')).toMatchObject({ isMirror: true });
    await end();
    expect(await namespaces.find('docker.io')).toMatchObject({ isMirror: false });
  });

  it('is not held by rules of namespaces whose names begin alike', async () => {
    const { mirrorRules, namespaces } = await openAccess();
    for (const name of ['docker.io', 'docker', 'docker.iox', 'docker.io-a']) {
      await mirrorRules.create(newRule(`${name}/a`), ACTOR);
    }
    const rule = await mirrorRules.findByDestination(RepositoryName.parse('docker.io/a'));
    await mirrorRules.delete(rule?.id ?? 0, ACTOR);
    await namespaces.set('docker.io', { isMirror: false }, ACTOR);
    await expect(namespaces.set('docker', { isMirror: false }, ACTOR)).rejects.toThrow();
  });
});
