import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createPasswordAuthenticator,
  type PasswordAuthenticator,
} from '../../src/identity/authenticate.ts';
import { createLoginThrottle } from '../../src/identity/login-throttle.ts';
import type { PasswordHasher } from '../../src/identity/password-hasher.ts';
import { createPasswordHasher } from '../../src/identity/password-hasher.ts';
import { createTestClock, SECOND, type TestClock } from '../fixtures/test-clock.ts';
import { createTestHasher, createTestStorage, type TestStorage } from '../fixtures/test-storage.ts';

const ALICE = { name: 'alice', password: 'alices password' };
const HOME = '192.0.2.1';

let clock: TestClock;
let test: TestStorage;
let authenticator: PasswordAuthenticator;
let verifications: number;

function counting(hasher: PasswordHasher): PasswordHasher {
  return {
    ...hasher,
    verify: (...args) => {
      verifications++;
      return hasher.verify(...args);
    },
  };
}

function createAuthenticator(hasher = createTestHasher()): PasswordAuthenticator {
  return createPasswordAuthenticator({
    access: test.storage,
    throttle: createLoginThrottle(test.storage.loginFailures, clock.now),
    hasher: counting(hasher),
    clock: clock.now,
  });
}

beforeEach(async () => {
  verifications = 0;
  clock = createTestClock();
  test = await createTestStorage(clock);
  authenticator = createAuthenticator();
  const passwordHash = await createTestHasher().hash(ALICE.password);
  await test.storage.subjects.createUser({ name: 'alice', isAdmin: false, passwordHash }, 'test');
});
afterEach(() => test.close());

const login = (password = ALICE.password, source: string | undefined = HOME) =>
  authenticator.authenticate({ name: 'alice', password }, source);
const guess = (i: number) => authenticator.authenticate({ name: 'nobody', password: `${i}` }, HOME);
const failures = async (times: number, from = HOME): Promise<void> => {
  for (let i = 0; i < times; i++) {
    await expect(login(`wrong ${i}`, from)).rejects.toMatchObject({ code: 'credentials-invalid' });
  }
};

describe('password authentication', () => {
  it('remembers a verified pair for a minute and no longer', async () => {
    await login();
    clock.advance(59 * SECOND);
    await login();
    expect(verifications).toBe(1);
    clock.advance(1 * SECOND);
    await login();
    expect(verifications).toBe(2);
  });

  it('remembers no wrong pair', async () => {
    await login();
    await expect(login('alices passwore')).rejects.toMatchObject({ code: 'credentials-invalid' });
    await expect(login('alices passwore')).rejects.toMatchObject({ code: 'credentials-invalid' });
    expect(verifications).toBe(3);
  });

  it('forgets the pair when the password changes', async () => {
    await login();
    const hash = await createTestHasher().hash('another password');
    await test.storage.credentials.setPassword('alice', hash, 'test');
    await expect(login()).rejects.toMatchObject({ code: 'credentials-invalid' });
    await login('another password');
  });

  it('never slows down a pair that is remembered', async () => {
    await login();
    await failures(5);
    await expect(login('wrong again')).rejects.toMatchObject({ code: 'too-many-failures' });
    expect((await login()).name).toBe('alice');
  });

  it('lets the owner in from elsewhere while a stranger is slowed down', async () => {
    await failures(5, '203.0.113.9');
    await expect(login(ALICE.password, '203.0.113.9')).rejects.toMatchObject({
      code: 'too-many-failures',
    });
    expect((await login(ALICE.password, HOME)).name).toBe('alice');
  });

  it('slows down unknown users as known ones', async () => {
    for (let i = 0; i < 5; i++) {
      await expect(guess(i)).rejects.toMatchObject({ code: 'credentials-invalid' });
    }
    await expect(guess(6)).rejects.toMatchObject({ code: 'too-many-failures' });
    expect(verifications).toBe(5);
  });

  it('hashes once for many requests with one pair at a time', async () => {
    const subjects = await Promise.all(Array.from({ length: 40 }, () => login()));
    expect(new Set(subjects.map(({ name }) => name))).toEqual(new Set(['alice']));
    expect(verifications).toBe(1);
  });

  it('lets no flood of guesses past the back-off while they wait for their turn', async () => {
    authenticator = createAuthenticator(
      createPasswordHasher({ memoryCost: 1024, timeCost: 2, concurrency: 1, maxWaiting: 100 }),
    );
    const results = await Promise.allSettled(
      Array.from({ length: 60 }, (_, i) => login(`guess ${i}`)),
    );
    const codes = results.map((result) => result.status === 'rejected' && result.reason.code);
    const admitted = codes.filter((code) => code === 'credentials-invalid');
    expect(admitted.length).toBeLessThanOrEqual(6);
    expect(codes.filter((code) => code === 'too-many-failures').length).toBeGreaterThan(50);
  });

  it('hashes the password anew when the parameters are older', async () => {
    const stronger = createPasswordHasher({ memoryCost: 2048, timeCost: 2 });
    authenticator = createAuthenticator(stronger);
    const before = await login();
    const hash = await test.storage.credentials.passwordHash(before.id);
    expect(hash).toContain('m=2048');
    expect(await stronger.verify(hash, ALICE.password)).toBe(true);
    expect((await test.storage.subjects.find('alice'))?.generation).toBe(before.generation);
  });

  it('lets in who is right although the new hash found no turn', async () => {
    const hasher = createTestHasher();
    authenticator = createAuthenticator({
      ...hasher,
      needsRehash: () => true,
      hash: () => Promise.reject(new Error('too busy')),
    });
    expect((await login()).name).toBe('alice');
  });
});
