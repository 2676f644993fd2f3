import { Digest, RepositoryName, Tag } from '@portolan/oci';
import { existsSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { enqueueReviews } from '../../src/collection/review-queue.ts';
import {
  type Content,
  LEASE,
  openContent,
  REPOSITORY,
  temporaryDirectory,
  type TestClock,
} from '../fixtures/content.ts';
import { descriptor, image, index } from '../fixtures/documents.ts';
import { DAY_MS, HOUR_MS } from '../fixtures/durations.ts';

const OTHER = RepositoryName.parse('team/other');
const LATEST = Tag.parse('latest');

let directory: ReturnType<typeof temporaryDirectory>;
let content: Content;
let clock: TestClock;
let config: Digest;

beforeEach(async () => {
  directory = temporaryDirectory();
  clock = { now: Date.now() };
  content = await openContent(directory.path, clock);
  config = await content.addBlob('{}');
});

afterEach(() => {
  content.close();
  directory.remove();
});

async function collectAfter(ms: number) {
  clock.now += ms;
  return content.collect();
}

const hasManifest = async (digest: Digest) =>
  (await content.manifests.find(REPOSITORY, digest)) !== undefined;
const hasBlob = async (digest: Digest, repository = REPOSITORY) =>
  (await content.blobs.find(repository, digest)) !== undefined;
const filesOf = (area: string) => (file: string) => existsSync(join(content.directory, area, file));

describe('a blob', () => {
  test('goes, row and file, when its lease is over and no manifest names it', async () => {
    const digest = await content.addBlob('unused');
    const stored = await content.blobs.find(REPOSITORY, digest);
    expect(await collectAfter(LEASE - 1)).toMatchObject({ links: 0, blobs: 0 });
    expect(await collectAfter(1)).toMatchObject({ links: 2, blobs: 2, bytes: 8 });
    expect(await hasBlob(digest)).toBe(false);
    expect(filesOf('blobs')(stored?.file ?? '')).toBe(false);
  });

  test('stays as long as a manifest names it', async () => {
    await content.put(image(config));
    expect(await collectAfter(5 * LEASE)).toMatchObject({ links: 0, blobs: 0 });
    expect(await hasBlob(config)).toBe(true);
  });

  test('that a pusher has asked for holds for another lease', async () => {
    clock.now += LEASE - 1;
    expect(await content.blobs.findForPush(REPOSITORY, config)).toBeDefined();
    await collectAfter(LEASE - 1);
    expect(await hasBlob(config)).toBe(true);
    await collectAfter(1);
    expect(await hasBlob(config)).toBe(false);
  });

  test('leaves one repository and stays in the other that names it', async () => {
    await content.blobs.mount({ to: OTHER, digest: config, sources: [REPOSITORY] });
    await content.put(image(config), { repository: OTHER });
    expect(await collectAfter(LEASE)).toMatchObject({ links: 1, blobs: 0 });
    expect(await hasBlob(config)).toBe(false);
    expect(await hasBlob(config, OTHER)).toBe(true);
  });

  test('is not kept by an index that names a manifest of the same digest', async () => {
    const body = JSON.stringify(image(config));
    const child = await content.put(image(config));
    expect(await content.addBlob(body)).toBe(child);
    await content.put(index([child]), { tags: ['latest'] });
    expect(await collectAfter(LEASE)).toMatchObject({ links: 1, blobs: 1 });
    expect(await hasManifest(child)).toBe(true);
  });
});

describe('a manifest', () => {
  const losses: [string, (digest: Digest) => Promise<unknown>][] = [
    ['moved', () => content.put(image(config, [config]), { tags: ['latest'] })],
    ['deleted', () => content.tags.delete(REPOSITORY, LATEST, 'bob')],
  ];
  test.each(losses)('goes one lease after its last tag was %s', async (_, lose) => {
    const digest = await content.put(image(config), { tags: ['latest'] });
    await collectAfter(10 * LEASE);
    await lose(digest);
    expect(await collectAfter(LEASE - 1)).toMatchObject({ manifests: 0 });
    expect(await hasManifest(digest)).toBe(true);
    expect(await collectAfter(1)).toMatchObject({ manifests: 1 });
    expect(await hasManifest(digest)).toBe(false);
  });

  test('that has another tag stays', async () => {
    const digest = await content.put(image(config), { tags: ['latest', 'v1'] });
    await content.tags.delete(REPOSITORY, LATEST, 'bob');
    await collectAfter(5 * LEASE);
    expect(await hasManifest(digest)).toBe(true);
  });

  test('that was pushed by digest and never had a tag stays', async () => {
    const digest = await content.put(image(config));
    await collectAfter(50 * LEASE);
    expect(await hasManifest(digest)).toBe(true);
    expect(await hasBlob(config)).toBe(true);
  });

  test('that is pushed by digest again after its tag was lost stays', async () => {
    const digest = await content.put(image(config), { tags: ['latest'] });
    await content.tags.delete(REPOSITORY, LATEST, 'bob');
    await content.put(image(config));
    await collectAfter(5 * LEASE);
    expect(await hasManifest(digest)).toBe(true);
  });

  test('of an index stays with it, and goes one lease after it', async () => {
    const child = await content.put(image(config));
    const parent = await content.put(index([child]), { tags: ['latest'] });
    await collectAfter(5 * LEASE);
    expect(await hasManifest(child)).toBe(true);
    await content.tags.delete(REPOSITORY, LATEST, 'bob');
    expect(await collectAfter(LEASE)).toMatchObject({ manifests: 1 });
    expect([await hasManifest(parent), await hasManifest(child)]).toEqual([false, true]);
    expect(await collectAfter(LEASE)).toMatchObject({ manifests: 1, links: 1, blobs: 1 });
    expect(await hasManifest(child)).toBe(false);
  });

  test('that lost its tag but is in an index stays', async () => {
    const child = await content.put(image(config), { tags: ['latest'] });
    await content.put(index([child]), { tags: ['list'] });
    await content.tags.delete(REPOSITORY, LATEST, 'bob');
    await collectAfter(5 * LEASE);
    expect(await hasManifest(child)).toBe(true);
  });

  test('frees its blobs at once when a client deletes it', async () => {
    const digest = await content.put(image(config), { tags: ['latest'] });
    await collectAfter(2 * LEASE);
    await content.manifests.delete(REPOSITORY, digest, 'bob');
    expect(await collectAfter(0)).toMatchObject({ links: 1, blobs: 1, bytes: 2 });
  });
});

const referrerOf = (subject: Digest) => image(config, [], { subject: descriptor(subject) });

describe('a referrer', () => {
  let subject: Digest;
  beforeEach(async () => {
    subject = await content.put(image(config), { tags: ['latest'] });
  });

  test('lives with its subject, and goes one lease after it', async () => {
    const digest = await content.put(referrerOf(subject));
    await collectAfter(5 * LEASE);
    expect(await hasManifest(digest)).toBe(true);
    await content.manifests.delete(REPOSITORY, subject, 'bob');
    await collectAfter(LEASE - 1);
    expect(await hasManifest(digest)).toBe(true);
    await collectAfter(1);
    expect(await hasManifest(digest)).toBe(false);
  });

  test('stays when its subject is pushed again within the lease', async () => {
    const digest = await content.put(referrerOf(subject));
    await content.manifests.delete(REPOSITORY, subject, 'bob');
    await content.put(image(config), { tags: ['latest'] });
    await collectAfter(5 * LEASE);
    expect(await hasManifest(digest)).toBe(true);
  });

  test('whose subject has not come yet stays', async () => {
    const digest = await content.put(referrerOf(Digest.of('sha256', 'a'.repeat(64))));
    await collectAfter(5 * LEASE);
    expect(await hasManifest(digest)).toBe(true);
  });
});

async function addUpload(id: string, more: object = {}): Promise<void> {
  writeFileSync(join(content.directory, 'uploads', id), 'bytes');
  const row = {
    id,
    repository: 'team/app',
    subject: 'ann',
    algorithm: 'sha256',
    file: id,
  } as const;
  const times = { created_at: clock.now, updated_at: clock.now, writer: null, writer_until: 0 };
  await content.deps.database.write((tx) =>
    tx
      .insertInto('upload')
      .values({ ...row, offset: 5, digest_so_far: '', ...times, ...more })
      .execute(),
  );
}

describe('an upload session', () => {
  test('goes with its file when nothing has come for long', async () => {
    await addUpload('a');
    expect(await collectAfter(7 * DAY_MS)).toMatchObject({ expiredUploads: 0 });
    expect(await collectAfter(1)).toMatchObject({ expiredUploads: 1 });
    expect(filesOf('uploads')('a')).toBe(false);
  });

  test('stays while somebody is writing to it', async () => {
    await addUpload('a', { writer: 'w', writer_until: clock.now + 8 * DAY_MS });
    expect(await collectAfter(7 * DAY_MS + 1)).toMatchObject({ expiredUploads: 0 });
    expect(filesOf('uploads')('a')).toBe(true);
  });
});

describe('a file without a row', () => {
  test('goes when it is a day old, and files with a row stay', async () => {
    const manifest = await content.put(image(config));
    writeFileSync(join(content.directory, 'uploads', 'orphan'), 'orphan');
    expect(await content.collect()).toMatchObject({ orphanFiles: 0 });
    expect(await collectAfter(DAY_MS + HOUR_MS)).toMatchObject({ orphanFiles: 1, bytes: 6 });
    expect(filesOf('uploads')('orphan')).toBe(false);
    expect(await hasManifest(manifest)).toBe(true);
    const stored = await content.blobs.find(REPOSITORY, config);
    expect(filesOf('blobs')(stored?.file ?? '')).toBe(true);
  });

  test('is looked for once a day, by whatever process comes first', async () => {
    const other = await openContent(directory.path, clock);
    expect(await collectAfter(0)).toMatchObject({ orphanFiles: 0 });
    const path = join(content.directory, 'blobs', 'orphan');
    writeFileSync(path, 'orphan');
    utimesSync(path, 0, 0);
    clock.now += DAY_MS - 1;
    expect(await other.collect()).toMatchObject({ orphanFiles: 0 });
    clock.now += 2 * HOUR_MS;
    expect(await other.collect()).toMatchObject({ orphanFiles: 1 });
    other.close();
  });
});

describe('a run', () => {
  test('does nothing once it is aborted, and leaves the sweep to the next run', async () => {
    writeFileSync(join(content.directory, 'uploads', 'orphan'), 'orphan');
    clock.now += 2 * DAY_MS;
    expect(await content.collector.run(AbortSignal.abort())).toMatchObject({ links: 0, blobs: 0 });
    expect(await content.collect()).toMatchObject({ links: 1, blobs: 1, orphanFiles: 1 });
  });

  test('goes through more reviews than one transaction takes', async () => {
    for (let i = 0; i < 120; i++) await content.addBlob(`blob ${i}`);
    expect(await collectAfter(LEASE)).toMatchObject({ links: 121, blobs: 121 });
  });
});

test('a later reason moves a review, and an earlier one does not', async () => {
  const review = { kind: 'blob', repositoryId: 0, digest: config } as const;
  const times: number[] = [];
  for (const reviewAfter of [2000, 3000, 1000]) {
    await content.deps.database.write((tx) => enqueueReviews(tx, [{ ...review, reviewAfter }]));
    const { read } = content.deps.database;
    const row = read.selectFrom('review').select('review_after').where('kind', '=', 'blob');
    times.push((await row.executeTakeFirstOrThrow()).review_after);
  }
  expect(times).toEqual([2000, 3000, 3000]);
});
