import { describe, expect, it } from 'vitest';
import type { Subject } from '../../src/subjects/subject.ts';
import { type AccessFixture, ACTOR, openAccess } from '../access-fixture.ts';
import { DAY_MS } from '../fixtures/durations.ts';

const hashOf = (i: number) => i.toString(16).padStart(64, '0');

function tryAddToken(access: AccessFixture, subject: Subject, hash = 'a'.repeat(64)) {
  const expiresAt = access.time.now + DAY_MS;
  const token = { subject, hash, label: 'docker', service: 'registry.test', expiresAt };
  return access.credentials.addRefreshToken(token);
}

async function addToken(...args: Parameters<typeof tryAddToken>) {
  const credential = await tryAddToken(...args);
  if (credential === undefined) throw new Error('no token was added');
  return credential;
}

async function countTokens({ database }: AccessFixture): Promise<number> {
  const tokens = database.read.selectFrom('credential').select('id').where('kind', '=', 'refresh');
  return (await tokens.execute()).length;
}

describe('a refresh token', () => {
  it('is found with its subject until it expires', async () => {
    const access = await openAccess();
    const alice = await access.addUser('alice');
    const credential = await addToken(access, alice);
    expect(await access.credentials.findRefreshToken('a'.repeat(64))).toEqual({
      credential,
      subject: alice,
    });
    expect(await access.credentials.findRefreshToken('b'.repeat(64))).toBeUndefined();
    access.time.now += DAY_MS;
    expect(await access.credentials.findRefreshToken('a'.repeat(64))).toBeUndefined();
  });

  it('is never found by the hash of a password', async () => {
    const access = await openAccess();
    await access.addUser('alice');
    expect(await access.credentials.findRefreshToken("hash of alice's password")).toBeUndefined();
  });

  it.each(['a new password', 'disabling', 'deleting', 'revoking'] as const)(
    'dies by %s of its subject, and no other',
    async (cause) => {
      const access = await openAccess();
      const alice = await access.addUser('alice');
      const bob = await access.addUser('bob');
      await addToken(access, alice);
      await addToken(access, bob, 'b'.repeat(64));
      const { credentials, subjects } = access;
      await {
        'a new password': () => credentials.setPassword('alice', 'new', ACTOR),
        disabling: () => subjects.setDisabled('alice', true, ACTOR),
        deleting: () => subjects.delete('alice', ACTOR),
        revoking: () => credentials.revokeRefreshTokens('alice', ACTOR),
      }[cause]();
      expect(await credentials.findRefreshToken('a'.repeat(64))).toBeUndefined();
      expect(await credentials.findRefreshToken('b'.repeat(64))).toBeDefined();
    },
  );

  it('stays dead when its subject is enabled again', async () => {
    const access = await openAccess();
    const alice = await access.addUser('alice');
    await addToken(access, alice);
    await access.subjects.setDisabled('alice', true, ACTOR);
    await access.subjects.setDisabled('alice', false, ACTOR);
    expect(await access.credentials.findRefreshToken('a'.repeat(64))).toBeUndefined();
  });

  // A login that was verified a moment before must not leave something that outlives the change.
  it.each(['a new password', 'disabling', 'deleting', 'a lost right'] as const)(
    'is not given for a login from before %s',
    async (cause) => {
      const access = await openAccess();
      const alice = await access.addUser('alice');
      const { credentials, subjects } = access;
      await subjects.setAdmin('alice', true, ACTOR);
      await access.addUser('bob', true);
      const before = (await subjects.find('alice')) ?? alice;
      await {
        'a new password': () => credentials.setPassword('alice', 'new', ACTOR),
        disabling: () => subjects.setDisabled('alice', true, ACTOR),
        deleting: () => subjects.delete('alice', ACTOR),
        'a lost right': () => subjects.setAdmin('alice', false, ACTOR),
      }[cause]();
      expect(await tryAddToken(access, before)).toBeUndefined();
      expect(await countTokens(access)).toBe(0);
    },
  );

  it('makes room for itself: expired ones go, and above 500 those used longest ago', async () => {
    const access = await openAccess();
    const alice = await access.addUser('alice');
    await addToken(access, alice, hashOf(1000));
    access.time.now += 2 * DAY_MS;
    const { id: oldest } = await addToken(access, alice, hashOf(0));
    for (let i = 1; i < 500; i++) await addToken(access, alice, hashOf(i));
    expect(await countTokens(access)).toBe(500);
    access.time.now += 1;
    await access.credentials.touch(oldest, access.time.now, access.time.now + DAY_MS);
    await access.credentials.flush();
    await addToken(access, alice, hashOf(500));
    expect(await countTokens(access)).toBe(500);
    const known = [0, 1, 2, 500].map((i) => access.credentials.findRefreshToken(hashOf(i)));
    expect((await Promise.all(known)).map((found) => found !== undefined)).toEqual([
      true,
      false,
      true,
      true,
    ]);
  });
});

describe('a password', () => {
  it('is replaced as a whole', async () => {
    const access = await openAccess();
    const alice = await access.addUser('alice');
    await access.credentials.setPassword('alice', 'second', ACTOR);
    expect(await access.credentials.passwordHash(alice.id)).toBe('second');
    const rows = await access.database.read.selectFrom('credential').select('id').execute();
    expect(rows).toHaveLength(1);
  });

  it('can be hashed anew without ending anything', async () => {
    const access = await openAccess();
    const alice = await access.addUser('alice');
    const before = await access.generations.current();
    await access.credentials.rehashPassword(alice.id, 'stronger');
    expect(await access.credentials.passwordHash(alice.id)).toBe('stronger');
    expect(await access.subjects.find('alice')).toEqual(alice);
    expect(await access.generations.current()).toEqual(before);
  });

  it('of an unknown user is not found', async () => {
    const { credentials } = await openAccess();
    await expect(credentials.setPassword('nobody', 'x', ACTOR)).rejects.toMatchObject({
      code: 'not-found',
    });
  });
});

describe('uses', () => {
  it('are gathered, and written together with the moved expiry', async () => {
    const access = await openAccess();
    const alice = await access.addUser('alice');
    const { id } = await addToken(access, alice);
    const { now } = access.time;
    await access.credentials.touch(id, now + 1, now + DAY_MS);
    await access.credentials.touch(id, now + 2, now + 2 * DAY_MS);
    const before = await access.credentials.findRefreshToken('a'.repeat(64));
    expect(before?.credential.lastUsedAt).toBeUndefined();
    await access.credentials.flush();
    const after = await access.credentials.findRefreshToken('a'.repeat(64));
    expect(after?.credential).toMatchObject({ lastUsedAt: now + 2, expiresAt: now + 2 * DAY_MS });
  });

  it('never go back behind what another process has noted', async () => {
    const access = await openAccess();
    const alice = await access.addUser('alice');
    const { id } = await addToken(access, alice);
    const { now } = access.time;
    await access.credentials.touch(id, now + 10, now + 5 * DAY_MS);
    await access.credentials.flush();
    await access.credentials.touch(id, now + 5, now + 4 * DAY_MS);
    await access.credentials.flush();
    const found = await access.credentials.findRefreshToken('a'.repeat(64));
    expect(found?.credential).toMatchObject({ lastUsedAt: now + 10, expiresAt: now + 5 * DAY_MS });
  });

  it('are written when the store closes', async () => {
    const access = await openAccess();
    const alice = await access.addUser('alice');
    const { id } = await addToken(access, alice);
    await access.credentials.touch(id, 7, undefined);
    await access.credentials.close();
    const row = await access.database.read
      .selectFrom('credential')
      .select(['last_used_at', 'expires_at'])
      .where('id', '=', id)
      .executeTakeFirst();
    expect(row).toEqual({ last_used_at: 7, expires_at: access.time.now + DAY_MS });
  });
});
