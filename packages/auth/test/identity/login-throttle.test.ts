import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLoginThrottle, type LoginThrottle } from '../../src/identity/login-throttle.ts';
import { createTestClock, MINUTE, SECOND, type TestClock } from '../fixtures/test-clock.ts';
import { createTestStorage, type TestStorage } from '../fixtures/test-storage.ts';

let clock: TestClock;
let test: TestStorage;
let throttle: LoginThrottle;
let counter = 0;

beforeEach(async () => {
  clock = createTestClock();
  test = await createTestStorage(clock);
  throttle = createLoginThrottle(test.storage.loginFailures, clock.now);
});
afterEach(() => test.close());

/** Another wrong password each time, unless one is given. */
const attempt = (name: string, source: string | undefined, pairKey = `pair ${counter++}`) => ({
  name,
  source,
  pairKey,
});

async function fail(times: number, name: string, source: string): Promise<void> {
  for (let i = 0; i < times; i++) await throttle.recordFailure(attempt(name, source));
}

/** How many seconds an attempt would have to wait. */
async function waitOf(name: string, source: string | undefined): Promise<number> {
  try {
    await throttle.check(attempt(name, source));
    return 0;
  } catch (error) {
    expect(error).toMatchObject({ code: 'too-many-failures' });
    return (error as { detail: { retryAfterSeconds: number } }).detail.retryAfterSeconds;
  }
}

describe('login throttle', () => {
  it('doubles the wait from the fifth failure on, up to a minute', async () => {
    const waits: number[] = [];
    for (let failures = 1; failures <= 13; failures++) {
      await fail(1, 'alice', '192.0.2.1');
      waits.push(await waitOf('alice', '192.0.2.1'));
      clock.advance(MINUTE);
    }
    expect(waits).toEqual([0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
  });

  it('never lets a stranger block the account from elsewhere', async () => {
    await fail(25, 'alice', '192.0.2.1');
    expect(await waitOf('alice', '192.0.2.1')).toBeGreaterThan(0);
    expect(await waitOf('alice', '192.0.2.2')).toBe(0);
    expect(await waitOf('bob', '192.0.2.1')).toBe(0);
  });

  it('slows down a source that fails at many accounts', async () => {
    for (let i = 0; i < 29; i++) await fail(1, `user${i}`, '192.0.2.1');
    expect(await waitOf('fresh', '192.0.2.1')).toBe(0);
    await fail(1, 'user29', '192.0.2.1');
    expect(await waitOf('fresh', '192.0.2.1')).toBe(1);
    await fail(5, 'user29', '192.0.2.1');
    expect(await waitOf('fresh', '192.0.2.1')).toBe(32);
    expect(await waitOf('fresh', '192.0.2.2')).toBe(0);
    clock.advance(60 * MINUTE);
    await fail(1, 'user30', '192.0.2.1');
    expect(await waitOf('fresh', '192.0.2.1')).toBe(0);
  });

  it('counts one bad password that is tried by POST and then by GET once', async () => {
    for (let i = 0; i < 8; i++) {
      await throttle.recordFailure(attempt('alice', '192.0.2.1', 'the same pair'));
      clock.advance(SECOND);
    }
    expect(await waitOf('alice', '192.0.2.1')).toBe(0);
    await fail(3, 'alice', '192.0.2.1');
    expect(await waitOf('alice', '192.0.2.1')).toBe(0);
    await fail(1, 'alice', '192.0.2.1');
    expect(await waitOf('alice', '192.0.2.1')).toBe(1);
  });

  it('does not hold a job with an outdated password against its neighbours', async () => {
    for (let i = 0; i < 50; i++) {
      await throttle.recordFailure(attempt('robot', '192.0.2.1', 'outdated'));
      clock.advance(11 * SECOND);
    }
    expect(await waitOf('robot', '192.0.2.1')).toBeGreaterThan(0);
    expect(await waitOf('alice', '192.0.2.1')).toBe(0);
  });

  it('forgets the failures of a pair after a success, and not those of the source', async () => {
    await fail(10, 'alice', '192.0.2.1');
    await throttle.recordSuccess(attempt('alice', '192.0.2.1'));
    expect(await waitOf('alice', '192.0.2.1')).toBe(0);
    await fail(20, 'bob', '192.0.2.1');
    expect(await waitOf('alice', '192.0.2.1')).toBe(1);
  });

  it('is seen by every process', async () => {
    await fail(5, 'alice', '192.0.2.1');
    const other = createLoginThrottle((await test.open()).loginFailures, clock.now);
    await expect(other.check(attempt('alice', '192.0.2.1'))).rejects.toMatchObject({
      code: 'too-many-failures',
    });
  });

  it('slows nobody down whose source is unknown', async () => {
    for (let i = 0; i < 50; i++) await throttle.recordFailure(attempt('alice', undefined));
    expect(await waitOf('alice', undefined)).toBe(0);
  });
});
