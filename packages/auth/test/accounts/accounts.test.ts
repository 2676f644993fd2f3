import { openStorage } from '@portolan/storage';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createAccounts } from '../../src/accounts/accounts.ts';

const GENERATED = { kind: 'generated' } as const;

const randomId = () => randomBytes(16).toString('hex');

async function openAccounts() {
  const directory = await mkdtemp(path.join(tmpdir(), 'portolan-accounts-'));
  const times = { leaseMs: 1000, uploadIdleMs: 1000, orphanFileMs: 1000 };
  const options = { directory, clock: Date.now, randomId, times, diskFloorBytes: 0 };
  const storage = await openStorage(options);
  onTestFinished(async () => {
    await storage.close();
    await rm(directory, { recursive: true });
  });
  const hasher = { hash: async (password: string) => `hashed ${password}` };
  const accounts = createAccounts({ access: storage, hasher, randomId, actor: 'tester' });
  const hashOf = async (name: string) => {
    const user = await storage.subjects.find(name);
    return user && (await storage.credentials.passwordHash(user.id));
  };
  return { storage, accounts, hashOf };
}

describe('creating a user', () => {
  it('shows a generated password once, and never a given one', async () => {
    const { accounts, hashOf } = await openAccounts();
    const made = await accounts.createUser({ name: 'ann', isAdmin: true, password: GENERATED });
    expect(made.user).toMatchObject({ name: 'ann', isAdmin: true });
    expect(await hashOf('ann')).toBe(`hashed ${made.generatedPassword}`);
    const password = { kind: 'given', password: 'tr0ub4dor&3' } as const;
    const bob = await accounts.createUser({ name: 'bob', isAdmin: false, password });
    expect(bob.generatedPassword).toBeUndefined();
    expect(await hashOf('bob')).toBe('hashed tr0ub4dor&3');
  });

  it('refuses what is against the rules, and makes nothing', async () => {
    const { accounts, storage } = await openAccounts();
    const weak = { kind: 'given', password: 'password' } as const;
    await expect(
      accounts.createUser({ name: 'ann', isAdmin: false, password: weak }),
    ).rejects.toMatchObject({ code: 'password-refused' });
    await expect(
      accounts.createUser({ name: 'Ann', isAdmin: false, password: GENERATED }),
    ).rejects.toMatchObject({ code: 'account-name-invalid' });
    expect(await storage.subjects.list()).toEqual([]);
  });
});

describe('changing a user', () => {
  it('checks the password before anything is changed', async () => {
    const { accounts, storage, hashOf } = await openAccounts();
    await accounts.createUser({ name: 'ann', isAdmin: false, password: GENERATED });
    const before = await hashOf('ann');
    const password = { kind: 'given', password: 'short' } as const;
    await expect(accounts.updateUser('ann', { isAdmin: true, password })).rejects.toMatchObject({
      code: 'password-refused',
    });
    expect(await storage.subjects.find('ann')).toMatchObject({ isAdmin: false });
    expect(await hashOf('ann')).toBe(before);
  });

  it('applies all that is asked for', async () => {
    const { accounts, storage, hashOf } = await openAccounts();
    await accounts.createUser({ name: 'ann', isAdmin: false, password: GENERATED });
    const changes = { isAdmin: true, isDisabled: true, password: GENERATED };
    const generated = await accounts.updateUser('ann', changes);
    expect(await storage.subjects.find('ann')).toMatchObject({ isAdmin: true, isDisabled: true });
    expect(await hashOf('ann')).toBe(`hashed ${generated}`);
  });

  it.each([
    [{ isAdmin: false, isDisabled: true }],
    [{ isAdmin: true, isDisabled: true }],
    [{ isAdmin: false, isDisabled: false }],
    [{ isAdmin: false, password: GENERATED }],
  ])('changes nothing when %j would lose the last administrator', async (changes) => {
    const { accounts, storage, hashOf } = await openAccounts();
    await accounts.createUser({ name: 'ann', isAdmin: true, password: GENERATED });
    const before = [await storage.subjects.find('ann'), await hashOf('ann')];
    await expect(accounts.updateUser('ann', changes)).rejects.toMatchObject({
      code: 'last-administrator',
    });
    expect([await storage.subjects.find('ann'), await hashOf('ann')]).toEqual(before);
  });

  it('refuses to change nothing', async () => {
    const { accounts } = await openAccounts();
    await expect(accounts.updateUser('ann', {})).rejects.toMatchObject({
      code: 'nothing-to-change',
    });
    await expect(accounts.updateNamespace('ann', {})).rejects.toMatchObject({
      code: 'nothing-to-change',
    });
  });
});

describe('teams and namespaces', () => {
  it('obey the rules on names, descriptions, roles and visibilities', async () => {
    const { accounts } = await openAccounts();
    const rows = [
      [accounts.createTeam({ name: 'Ops' }), 'account-name-invalid'],
      [accounts.createTeam({ name: 'ops', description: 'x'.repeat(1001) }), 'description-invalid'],
      [accounts.setTeamMember('ops', { user: 'ann', role: 'boss' }), 'role-invalid'],
      [accounts.createNamespace({ name: '' }), 'account-name-invalid'],
      [accounts.createNamespace({ name: 'apps', visibility: 'open' }), 'visibility-invalid'],
      [accounts.updateNamespace('', { visibility: 'private' }), 'visibility-invalid'],
    ] as const;
    for (const [attempt, code] of rows) await expect(attempt).rejects.toMatchObject({ code });
  });

  it('are made and changed as asked', async () => {
    const { accounts, storage } = await openAccounts();
    await accounts.createUser({ name: 'ann', isAdmin: false, password: GENERATED });
    await accounts.createTeam({ name: 'ops', owner: 'ann' });
    await accounts.createNamespace({ name: 'apps', team: 'ops', visibility: 'protected' });
    await accounts.updateNamespace('apps', { visibility: 'public', allowsSparseIndexes: true });
    await accounts.updateNamespace('', { visibility: 'public' });
    const settings = { visibility: 'public', allowsSparseIndexes: true, team: 'ops' };
    expect(await storage.namespaces.find('apps')).toMatchObject(settings);
    expect(await storage.namespaces.find('')).toMatchObject({ visibility: 'public' });
  });
});
