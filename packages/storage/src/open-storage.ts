// Puts the stores together over one data directory.
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { createBlobStore } from './blobs/blob-store.ts';
import { createBundleStore } from './bundles/bundle-store.ts';
import { createCollector } from './collection/collector.ts';
import { measureContent } from './content-size.ts';
import { createCredentialStore } from './credentials/credential-store.ts';
import { createLoginFailureStore } from './credentials/login-failure-store.ts';
import { type DataDirectoryLock, lockDataDirectory, thisMachine } from './data-directory-lock.ts';
import { type Database, openDatabase } from './database/database.ts';
import { createGenerations } from './database/generations.ts';
import { storageError } from './errors.ts';
import type { BlobFiles } from './files/blob-files.ts';
import { syncDirectory } from './files/durable-directories.ts';
import { createDiskBlobFiles } from './files/disk-blob-files.ts';
import { type DataLayout, dataLayout } from './files/layout.ts';
import { observeBlobFiles } from './files/observed-blob-files.ts';
import { createLeaseStore } from './leases/lease-store.ts';
import { createManifestStore } from './manifests/manifest-store.ts';
import { createMirrorRuleStore } from './mirror-rules/mirror-rule-store.ts';
import { createMirrorTagStore } from './mirror-rules/mirror-tag-store.ts';
import { createMirrorDownloadStore } from './mirror-runs/mirror-download-store.ts';
import { createMirrorRunStore } from './mirror-runs/mirror-run-store.ts';
import { createNamespaceStore } from './namespaces/namespace-store.ts';
import { createViewStore } from './namespaces/view-store.ts';
import { createReferrerStore } from './referrers/referrer-store.ts';
import { createRepositoryStore } from './repositories/repository-store.ts';
import { createSigningKeyStore } from './signing-keys/signing-key-store.ts';
import { createStampStore } from './stamps/stamp-store.ts';
import type { MirrorStores, Storage, StorageOptions } from './storage.ts';
import type { StoreDeps } from './store-deps.ts';
import { createSubjectStore } from './subjects/subject-store.ts';
import { createTagStore } from './tags/tag-store.ts';
import { createTeamStore } from './teams/team-store.ts';
import { createUploadStore } from './uploads/upload-store.ts';
import { createUpstreamStore } from './upstreams/upstream-store.ts';

/** Durably: what is stored below later relies on it. */
async function makeDirectories(layout: DataLayout): Promise<void> {
  const { directory, blobs, uploads, keys, backups } = layout;
  for (const path of [directory, blobs, uploads, keys, backups]) {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  }
  await syncDirectory(directory);
  // Whoever may not read the parent did not make the directory just now.
  await syncDirectory(dirname(directory)).catch(() => undefined);
}

/** SQLite gives its log the mode of the database file. */
function makeDatabaseFile(file: string): void {
  closeSync(openSync(file, 'a', 0o600));
}

interface Parts {
  readonly layout: DataLayout;
  readonly deps: StoreDeps;
  readonly files: BlobFiles;
  readonly lock: DataDirectoryLock;
  readonly diskFloorBytes: number;
}

async function checkWritable({ deps, files, lock, diskFloorBytes }: Parts): Promise<void> {
  lock.check();
  if (files.freeBytes() < diskFloorBytes) {
    throw storageError('disk-full', 'less than the floor is free', { diskFloorBytes });
  }
  // Writes a page, where an empty transaction would not.
  await deps.database.write((tx) =>
    tx
      .updateTable('generation')
      .set((eb) => ({ access: eb.ref('access') }))
      .execute(),
  );
}

async function drain(database: Database): Promise<void> {
  // Writes run in the order in which they were asked for.
  await database.write(async () => undefined, 'soft');
  database.close();
}

function mirrorStores(deps: StoreDeps): MirrorStores {
  return {
    upstreams: createUpstreamStore(deps),
    mirrorRules: createMirrorRuleStore(deps),
    mirrorTags: createMirrorTagStore(deps),
    mirrorRuns: createMirrorRunStore(deps),
    mirrorDownloads: createMirrorDownloadStore(deps),
    bundles: createBundleStore(deps),
  };
}

function assemble(parts: Parts): Storage {
  const { layout, deps, files, lock, diskFloorBytes } = parts;
  const credentials = createCredentialStore(deps);
  return {
    layout,
    repositories: createRepositoryStore(deps),
    blobs: createBlobStore({ ...deps, files }),
    uploads: createUploadStore({ ...deps, files, diskFloorBytes }),
    manifests: createManifestStore(deps),
    tags: createTagStore(deps),
    referrers: createReferrerStore(deps),
    collector: createCollector(deps, files),
    subjects: createSubjectStore(deps),
    credentials,
    loginFailures: createLoginFailureStore(deps),
    teams: createTeamStore(deps),
    namespaces: createNamespaceStore(deps),
    signingKeys: createSigningKeyStore(deps),
    ...mirrorStores(deps),
    views: createViewStore(deps),
    stamps: createStampStore(deps),
    leases: createLeaseStore(deps),
    generations: deps.generations,
    checkWritable: () => checkWritable(parts),
    contentSize: () => measureContent(deps.database.read),
    freeBytes: () => files.freeBytes(),
    async close() {
      lock.close();
      await credentials.close();
      await drain(deps.database);
    },
  };
}

/**
 * Opens the data directory, made and migrated when needed. Any number of processes of one machine
 * may have it open.
 * @throws StorageError `still-in-use` while another machine has it
 */
export async function openStorage(options: StorageOptions): Promise<Storage> {
  const { directory, clock, randomId, times, diskFloorBytes, observe } = options;
  const layout = dataLayout(directory);
  await makeDirectories(layout);
  const lock = lockDataDirectory({ file: layout.lock, machine: thisMachine(), clock, randomId });
  try {
    makeDatabaseFile(layout.database);
    const database = await openDatabase(layout.database, observe);
    const generations = createGenerations(database);
    const deps: StoreDeps = { database, generations, clock, randomId, times };
    const onDisk = createDiskBlobFiles({ layout, randomId });
    const files = observe === undefined ? onDisk : observeBlobFiles(onDisk, observe);
    return assemble({ layout, deps, files, lock, diskFloorBytes });
  } catch (error) {
    lock.close();
    throw error;
  }
}
