import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createUploadClaims } from '../../src/uploads/upload-claims.ts';
import {
  type ByteStore,
  type DataDirectory,
  makeDataDirectory,
  openByteStore,
  randomId,
  REPOSITORY,
  SUBJECT,
} from '../fixtures/byte-store.ts';

let directory: DataDirectory;
let store: ByteStore;

beforeEach(async () => {
  directory = makeDataDirectory();
  store = await openByteStore(directory);
});

afterEach(() => {
  vi.useRealTimers();
  store.close();
  directory.remove();
});

it('keeps a claim while a disk takes its time to sync, so that nobody takes the session over', async () => {
  let now = 1_000_000;
  const { database } = store.deps;
  const claims = createUploadClaims({ database, clock: () => now, randomId });
  const upload = await store.uploads.begin({ repository: REPOSITORY, subject: SUBJECT });
  const claim = await claims.claim(upload);
  const writerUntil = async (): Promise<number | null> =>
    (await database.read.selectFrom('upload').selectAll().executeTakeFirstOrThrow()).writer_until;
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const sync = Promise.withResolvers<string>();
  const held = claim.hold(sync.promise);
  for (let seconds = 0; seconds < 120; seconds += 10) {
    now += 10_000;
    vi.advanceTimersByTime(10_000);
    await expect.poll(writerUntil).toBe(now + 30_000);
  }
  await expect(claims.claim(upload)).rejects.toMatchObject({ code: 'upload-busy' });
  sync.resolve('synced');
  expect(await held).toBe('synced');
  await claim.release();
  await (await claims.claim(upload)).release();
});
