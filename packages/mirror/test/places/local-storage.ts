// A data directory of the test's own, with a mirror namespace in it.
import { RepositoryName } from '@portolan/oci';
import { openStorage, type Storage } from '@portolan/storage';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createLocalRepository, type LocalRepository } from '../../src/places/local-repository.ts';

export const ACTOR = 'mirror';
export const REPOSITORY = RepositoryName.parse('docker.io/library/busybox');

export async function openLocalStorage(): Promise<Storage> {
  const directory = await mkdtemp(join(tmpdir(), 'portolan-mirror-'));
  const day = 86_400_000;
  const storage = await openStorage({
    directory,
    clock: Date.now,
    randomId: () => randomBytes(16).toString('hex'),
    times: { leaseMs: day, uploadIdleMs: day, orphanFileMs: day },
    diskFloorBytes: 0,
  });
  onTestFinished(async () => {
    await storage.close();
    await rm(directory, { recursive: true });
  });
  await storage.namespaces.ensureMirror(RepositoryName.namespace(REPOSITORY), ACTOR);
  return storage;
}

export function localRepository(storage: Storage, name = REPOSITORY): LocalRepository {
  const deps = { content: storage, downloads: storage.mirrorDownloads };
  return createLocalRepository(deps, name, ACTOR);
}
