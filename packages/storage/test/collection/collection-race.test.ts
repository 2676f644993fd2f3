// Collection against pushes, in two handles on one directory as in two processes: whichever comes
// first, a manifest that was acknowledged can be pulled whole.
import { type Digest, Tag } from '@portolan/oci';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import {
  type Content,
  LEASE,
  openContent,
  REPOSITORY,
  temporaryDirectory,
} from '../fixtures/content.ts';
import { image } from '../fixtures/documents.ts';

const ROUNDS = 30;

async function isPullable(store: Content, blobs: readonly Digest[]): Promise<boolean> {
  for (const digest of blobs) {
    const stored = await store.blobs.find(REPOSITORY, digest);
    if (stored === undefined) return false;
    await store.blobs.read(stored);
  }
  return true;
}

async function withTwoHandles(
  work: (pusher: Content, collector: Content, clock: { now: number }) => Promise<void>,
): Promise<void> {
  const directory = temporaryDirectory();
  const clock = { now: Date.now() };
  const pusher = await openContent(directory.path, clock);
  const collector = await openContent(directory.path, clock);
  try {
    await work(pusher, collector, clock);
  } finally {
    pusher.close();
    collector.close();
    directory.remove();
  }
}

test('a manifest of blobs whose leases have just ended is whole or refused', async () => {
  await withTwoHandles(async (pusher, collector, clock) => {
    for (let round = 0; round < ROUNDS; round++) {
      const blobs = [
        await pusher.addBlob(`config ${round}`),
        await pusher.addBlob(`layer ${round}`),
      ];
      const [config, layer] = blobs as [Digest, Digest];
      clock.now += LEASE;
      const [pushed] = await Promise.allSettled([
        delay(Math.random() * 2).then(() =>
          pusher.put(image(config, [layer]), { tags: ['latest'] }),
        ),
        collector.collect(),
      ]);
      if (pushed.status === 'fulfilled') expect(await isPullable(pusher, blobs)).toBe(true);
      else expect(pushed.reason).toMatchObject({ code: 'manifest-reference-unknown' });
    }
  });
});

test('a blob uploaded again while its last copy is collected is there afterwards', async () => {
  await withTwoHandles(async (pusher, collector, clock) => {
    for (let round = 0; round < ROUNDS; round++) {
      const config = await pusher.addBlob('the same bytes');
      clock.now += LEASE;
      await Promise.all([
        delay(Math.random() * 2).then(() => pusher.addBlob('the same bytes')),
        collector.collect(),
      ]);
      await pusher.put(image(config), { tags: ['latest'] });
      expect(await isPullable(pusher, [config])).toBe(true);
      await pusher.manifests.delete(REPOSITORY, await pusher.put(image(config)), 'bob');
    }
  });
});

test('a manifest that gets its tag back while it is collected is there if that was acknowledged', async () => {
  await withTwoHandles(async (pusher, collector, clock) => {
    const config = await pusher.addBlob('config');
    const latest = Tag.parse('latest');
    for (let round = 0; round < ROUNDS; round++) {
      await pusher.addBlob('config');
      const digest = await pusher.put(image(config), { tags: ['latest'] });
      await pusher.tags.delete(REPOSITORY, latest, 'bob');
      clock.now += LEASE;
      const [pushed] = await Promise.allSettled([
        delay(Math.random() * 2).then(() => pusher.put(image(config), { tags: ['latest'] })),
        collector.collect(),
      ]);
      if (pushed.status === 'rejected') {
        expect(pushed.reason).toMatchObject({ code: 'manifest-reference-unknown' });
        continue;
      }
      expect(await collector.tags.resolve(REPOSITORY, latest)).toBe(digest);
      expect(await collector.manifests.find(REPOSITORY, digest)).toBeDefined();
      expect(await isPullable(collector, [config])).toBe(true);
    }
  });
});
