import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RepositoryName } from '@portolan/oci';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openStorage, type Storage, type StorageObservation } from '../src/index.ts';
import { bytesOf, digestOf, randomId, REPOSITORY, SUBJECT } from './fixtures/byte-store.ts';
import { HOUR_MS } from './fixtures/durations.ts';

let directory: string;
let storage: Storage;
const told: StorageObservation[] = [];

beforeEach(async () => {
  told.length = 0;
  directory = await mkdtemp(join(tmpdir(), 'portolan-observed-'));
  storage = await openStorage({
    directory,
    clock: Date.now,
    randomId,
    times: { leaseMs: HOUR_MS, uploadIdleMs: HOUR_MS, orphanFileMs: HOUR_MS },
    diskFloorBytes: 0,
    observe: (observation) => void told.push(observation),
  });
});

afterEach(async () => {
  await storage.close();
  await rm(directory, { recursive: true });
});

async function push(bytes: Buffer, repository: RepositoryName = REPOSITORY) {
  const upload = await storage.uploads.begin({ repository, subject: SUBJECT });
  await storage.uploads.append(upload, { bytes: bytesOf(bytes), length: bytes.length });
  return storage.uploads.commit(upload, digestOf(bytes));
}

function actions(): string[] {
  return told.flatMap((one) => (one.kind === 'file' ? [one.action] : []));
}

it('tells the work on files and the commits of a push and a pull', async () => {
  const blob = await push(Buffer.from('some bytes'));
  expect(actions()).toEqual(expect.arrayContaining(['Writer', 'Move']));
  expect(told.filter(({ kind }) => kind === 'commit').length).toBeGreaterThan(1);
  told.length = 0;
  await storage.blobs.read(blob);
  expect(actions()).toContain('GetContent');
  for (const { durationMs } of told) expect(durationMs).toBeGreaterThanOrEqual(0);
});

it('tells work that fails, too', async () => {
  const missing = { digest: digestOf(Buffer.from('x')), size: 1, file: 'sha256/00/none' };
  await expect(storage.blobs.read(missing)).rejects.toMatchObject({ code: 'blob-file-missing' });
  expect(actions()).toEqual(['GetContent']);
});

it('measures each blob once, however many repositories have it', async () => {
  expect(await storage.contentSize()).toEqual({ blobs: 0, blobBytes: 0 });
  await push(Buffer.alloc(1000, 1));
  await push(Buffer.alloc(1000, 1), RepositoryName.parse('other/app'));
  await push(Buffer.alloc(234, 2));
  expect(await storage.contentSize()).toEqual({ blobs: 2, blobBytes: 1234 });
  expect(storage.freeBytes()).toBeGreaterThan(0);
});
