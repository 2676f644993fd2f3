// A rule that is removed while it runs: its run is told, and so are those of the others.
import { expect, it } from 'vitest';
import { sample } from '../places/sample-content.ts';
import { openSyncFixture } from './sync-fixture.ts';

it.each([
  ['before its images', 'tags'],
  ['among its images', 'blob'],
  ['at its last request', 'referrers'],
])('a rule that is removed %s has failed, and says why', async (_, at) => {
  const { rule, sync, upstream, storage } = await openSyncFixture();
  upstream.add(sample());
  const made = await rule({ regex: ['^2'] });
  let isRemoved = false;
  upstream.before = async (request) => {
    if (isRemoved || !request.startsWith(at)) return;
    isRemoved = true;
    await storage.mirrorRules.delete(made.id, 'tester');
  };
  const { report, pruned } = await sync(made);
  expect(isRemoved).toBe(true);
  expect(report).toMatchObject({
    outcome: 'failed',
    error: { message: 'the rule was removed while it ran' },
  });
  expect(pruned).toBeUndefined();
});

it('a rule that is removed when all its images are here tells of them', async () => {
  const { rule, sync, deps, upstream, storage } = await openSyncFixture();
  upstream.add(sample());
  const made = await rule({ regex: ['^2'] });
  const { mirrorRuns } = storage;
  Object.assign(deps, {
    stores: {
      ...storage,
      mirrorRuns: {
        ...mirrorRuns,
        finish: async (...run: Parameters<typeof mirrorRuns.finish>) => {
          await storage.mirrorRules.delete(made.id, 'tester');
          await mirrorRuns.finish(...run);
        },
      },
    },
  });
  const { report } = await sync(made);
  expect(report).toMatchObject({
    outcome: 'failed',
    counts: { copied: 1 },
    error: { message: 'the rule was removed while it ran' },
  });
});
