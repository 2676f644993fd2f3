import { describe, expect, it } from 'vitest';
import { type AccessFixture, ACTOR, openAccess } from '../access-fixture.ts';

const DAY = 86_400_000;

async function addToken(access: AccessFixture, subjectId: number, hash = 'a'.repeat(64)) {
  const expiresAt = access.time.now + DAY;
  const token = { subjectId, hash, label: 'docker', service: 'registry.test', expiresAt };
  return await access.credentials.addRefreshToken(token);
}

describe('a refresh token', () => {
  it('is found with its subject until it expires', async () => {
    const access = await openAccess();
    const alice = await access.addUser('alice');
    const credential = await addToken(access, alice.id);
    expect(await access.credentials.findRefreshToken('a'.repeat(64))).toEqual({
      credential,
      subject: alice,
    });
    expect(await access.credentials.findRefreshToken('b'.repeat(64))).toBeUndefined();
    access.time.now += DAY;
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
      await addToken(access, alice.id);
      await addToken(access, bob.id, 'b'.repeat(64));
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
    await addToken(access, alice.id);
    await access.subjects.setDisabled('alice', true, ACTOR);
    await access.subjects.setDisabled('alice', false, ACTOR);
    expect(await access.credentials.findRefreshToken('a'.repeat(64))).toBeUndefined();
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
    const { id } = await addToken(access, alice.id);
    const { now } = access.time;
    await access.credentials.touch(id, now + 1, now + DAY);
    await access.credentials.touch(id, now + 2, now + 2 * DAY);
    const before = await access.credentials.findRefreshToken('a'.repeat(64));
    expect(before?.credential.lastUsedAt).toBeUndefined();
    await access.credentials.flush();
    const after = await access.credentials.findRefreshToken('a'.repeat(64));
    expect(after?.credential).toMatchObject({ lastUsedAt: now + 2, expiresAt: now + 2 * DAY });
  });

  it('never go back behind what another process has noted', async () => {
    const access = await openAccess();
    const alice = await access.addUser('alice');
    const { id } = await addToken(access, alice.id);
    const { now } = access.time;
    await access.credentials.touch(id, now + 10, now + 5 * DAY);
    await access.credentials.flush();
    await access.credentials.touch(id, now + 5, now + 4 * DAY);
    await access.credentials.flush();
    const found = await access.credentials.findRefreshToken('a'.repeat(64));
    expect(found?.credential).toMatchObject({ lastUsedAt: now + 10, expiresAt: now + 5 * DAY });
  });

  it('are written when the store closes', async () => {
    const access = await openAccess();
    const alice = await access.addUser('alice');
    const { id } = await addToken(access, alice.id);
    await access.credentials.touch(id, 7, undefined);
    await access.credentials.close();
    const row = await access.database.read
      .selectFrom('credential')
      .select(['last_used_at', 'expires_at'])
      .where('id', '=', id)
      .executeTakeFirst();
    expect(row).toEqual({ last_used_at: 7, expires_at: access.time.now + DAY });
  });
});
