import { expect, it } from 'vitest';
import { openAccess } from '../access-fixture.ts';
import { DAY_MS } from '../fixtures/durations.ts';

const doubling = (failures: number) => 1000 * 2 ** failures;

it('blocks a key for as long as its failures say, and no other key', async () => {
  const { loginFailures, time } = await openAccess();
  await loginFailures.recordFailure('alice', doubling);
  await loginFailures.recordFailure('alice', doubling);
  expect(await loginFailures.blockedUntil(['bob', 'alice'])).toBe(time.now + 4000);
  expect(await loginFailures.blockedUntil(['bob'])).toBe(0);
  expect(await loginFailures.blockedUntil([])).toBe(0);
  time.now += 4000;
  expect(await loginFailures.blockedUntil(['alice'])).toBe(0);
});

it('counts failures that come at the same time', async () => {
  const { loginFailures, time } = await openAccess();
  await Promise.all(Array.from({ length: 5 }, () => loginFailures.recordFailure('k', doubling)));
  expect(await loginFailures.blockedUntil(['k'])).toBe(time.now + 32_000);
});

it('starts from nothing after a success', async () => {
  const { loginFailures, time } = await openAccess();
  await loginFailures.recordFailure('alice', doubling);
  await loginFailures.clear(['alice', 'bob']);
  expect(await loginFailures.blockedUntil(['alice'])).toBe(0);
  await loginFailures.recordFailure('alice', doubling);
  expect(await loginFailures.blockedUntil(['alice'])).toBe(time.now + 2000);
});

it('forgets what is a day old, and does not keep its row', async () => {
  const { loginFailures, time, database } = await openAccess();
  await loginFailures.recordFailure('old', doubling);
  await loginFailures.recordFailure('alice', doubling);
  time.now += DAY_MS;
  await loginFailures.recordFailure('alice', doubling);
  expect(await loginFailures.blockedUntil(['alice'])).toBe(time.now + 2000);
  const rows = await database.read.selectFrom('login_failure').select('key').execute();
  expect(rows).toEqual([{ key: 'alice' }]);
});
