import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLeaseStore, type LeaseStore } from '../../src/leases/lease-store.ts';
import { type Content, openContent, temporaryDirectory } from '../fixtures/content.ts';

let directory: ReturnType<typeof temporaryDirectory>;
let handles: Content[];
let leases: [LeaseStore, LeaseStore];
const clock = { now: 1000 };

beforeEach(async () => {
  directory = temporaryDirectory();
  const here = await openContent(directory.path, clock);
  const there = await openContent(directory.path, clock);
  handles = [here, there];
  leases = [createLeaseStore(here.deps), createLeaseStore(there.deps)];
});

afterEach(() => {
  for (const handle of handles) handle.close();
  directory.remove();
});

test('gives a lease to one holder, in whatever process', async () => {
  const [here, there] = leases;
  const results = await Promise.all([
    here.acquire('job', 'a', 500),
    there.acquire('job', 'b', 500),
    there.acquire('other', 'b', 500),
  ]);
  expect(results.filter(Boolean)).toHaveLength(2);
  expect(results[2]).toBe(true);
});

test('lets the holder renew, and others have it once it has run out', async () => {
  const [here, there] = leases;
  expect(await here.acquire('job', 'a', 500)).toBe(true);
  clock.now += 400;
  expect(await here.acquire('job', 'a', 500)).toBe(true);
  clock.now += 400;
  expect(await there.acquire('job', 'b', 500)).toBe(false);
  clock.now += 100;
  expect(await there.acquire('job', 'b', 500)).toBe(true);
  expect(await here.acquire('job', 'a', 500)).toBe(false);
});

test('is released only by its holder', async () => {
  const [here, there] = leases;
  await here.acquire('job', 'a', 500);
  await there.release('job', 'b');
  expect(await there.acquire('job', 'b', 500)).toBe(false);
  await here.release('job', 'a');
  expect(await there.acquire('job', 'b', 500)).toBe(true);
});
