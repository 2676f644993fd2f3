// Rules of several upstreams at once: each host has its own number of images at once, whatever the others do.
import { RepositoryName } from '@portolan/oci';
import type { MirrorRule } from '@portolan/storage';
import { expect, it } from 'vitest';
import type { SourceRepository } from '../../src/places/place.ts';
import { SILENT_SYNC } from '../../src/sync/sync-progress.ts';
import { syncRules } from '../../src/sync/sync-rules.ts';
import { createMemoryPlace, type MemoryPlace } from '../fixtures/memory-place.ts';
import { sampleImage } from '../places/sample-content.ts';
import { openSyncFixture, type SyncFixture } from './sync-fixture.ts';

const TAGS = ['1', '2', '3', '4', '5', '6'];
const JOBS = 2;
const OPTIONS = {
  jobs: JOBS,
  blobsAtOnce: 1,
  freshForMs: 0,
  waitMs: 0,
  isThorough: undefined,
  signal: new AbortController().signal,
  progress: SILENT_SYNC,
};

async function makeRule({ storage }: SyncFixture, upstream: string, path: string) {
  return await storage.mirrorRules.create(
    {
      upstream,
      path: RepositoryName.parse(path),
      destination: RepositoryName.parse(`${upstream}/${path}`),
      settings: { referrers: false },
      nextRunAt: undefined,
    },
    'tester',
  );
}

it('hosts are copied from beside each other, and none is asked for more images at once', async () => {
  const fixture = await openSyncFixture();
  // Each repository has content of its own: what two have in common comes from one of them alone.
  const repositories = new Map<string, MemoryPlace>();
  const now = new Map<string, number>();
  const most = new Map<string, number>();
  const quickIsDone = Promise.withResolvers<void>();

  function counted(rule: MirrorRule): SourceRepository {
    const { upstream: host, destination } = rule;
    const repository = repositories.get(destination);
    if (repository === undefined) throw new Error(`no repository ${destination}`);
    return {
      ...repository,
      async manifest(...asked) {
        const count = (now.get(host) ?? 0) + 1;
        now.set(host, count);
        most.set(host, Math.max(count, most.get(host) ?? 0));
        // The slow host gives nothing before the quick one is through.
        if (host === 'slow.example') await quickIsDone.promise;
        const fetched = await repository.manifest(...asked);
        now.set(host, (now.get(host) ?? 0) - 1);
        return fetched;
      },
    };
  }

  const rules = [
    await makeRule(fixture, 'slow.example', 'a'),
    await makeRule(fixture, 'slow.example', 'b'),
    await makeRule(fixture, 'quick.example', 'a'),
  ];
  for (const { destination } of rules) {
    const repository = createMemoryPlace(destination);
    repositories.set(destination, repository);
    for (const tag of TAGS) {
      const image = sampleImage(`${destination} ${tag}`, [tag]);
      repository.add({ blobs: image.blobs, manifests: [image.manifest] });
    }
  }
  const progress = {
    ...SILENT_SYNC,
    ruleEnded: ({ source }: { readonly source: string }) => {
      if (source === 'quick.example/a') quickIsDone.resolve();
    },
  };
  const openSource = async (rule: MirrorRule) => counted(rule);
  const synced = await syncRules({ ...fixture.deps, openSource }, rules, { ...OPTIONS, progress });
  expect(synced.map(({ report }) => report.counts.copied)).toEqual([6, 6, 6]);
  expect(Object.fromEntries(most)).toEqual({ 'slow.example': JOBS, 'quick.example': JOBS });
});
