// Files without a row: what a crash left between the bytes and the commit, or between a removed row
// and its file. They harm nobody, so they are looked for once a day and only when they are old.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { BlobFiles, FileOnDisk } from '../files/blob-files.ts';
import { createLeaseStore } from '../leases/lease-store.ts';
import type { StoreDeps } from '../store-deps.ts';

const LEASE = 'orphan-sweep';
const INTERVAL_MS = 24 * 60 * 60 * 1000;
const MAX_FILES = 200;

export interface Swept {
  readonly files: number;
  readonly bytes: number;
}

/** Of the given files, those that a row names. */
async function withRow(deps: StoreDeps, files: readonly FileOnDisk[]): Promise<Set<string>> {
  const names = (area: FileOnDisk['area']) =>
    files.filter((entry) => entry.area === area).map((entry) => entry.file);
  const [blobs, uploads] = [names('blobs'), names('uploads')];
  const { read } = deps.database;
  const known = [
    ...(await read.selectFrom('blob').select('file').where('file', 'in', blobs).execute()).map(
      (row) => `blobs/${row.file}`,
    ),
    ...(await read.selectFrom('upload').select('file').where('file', 'in', uploads).execute()).map(
      (row) => `uploads/${row.file}`,
    ),
  ];
  return new Set(known);
}

async function* oldFiles(deps: StoreDeps, files: BlobFiles): AsyncIterable<FileOnDisk[]> {
  let batch: FileOnDisk[] = [];
  for await (const entry of files.walk()) {
    if (entry.modifiedAt > deps.clock() - deps.times.orphanFileMs) continue;
    batch.push(entry);
    if (batch.length < MAX_FILES) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

async function removeOrphans(
  deps: StoreDeps,
  files: BlobFiles,
  batch: readonly FileOnDisk[],
): Promise<Swept> {
  const known = await withRow(deps, batch);
  const orphans = batch.filter((entry) => !known.has(`${entry.area}/${entry.file}`));
  let removed = 0;
  let bytes = 0;
  for (const orphan of orphans) {
    // Asked once more: its row may have been committed since.
    if ((await withRow(deps, [orphan])).size > 0) continue;
    await files.remove(orphan.area, orphan.file);
    removed++;
    bytes += orphan.size;
  }
  return { files: removed, bytes };
}

async function sweep(deps: StoreDeps, files: BlobFiles, signal: AbortSignal): Promise<Swept> {
  let total: Swept = { files: 0, bytes: 0 };
  for await (const batch of oldFiles(deps, files)) {
    if (signal.aborted) break;
    const swept = await removeOrphans(deps, files, batch);
    total = { files: total.files + swept.files, bytes: total.bytes + swept.bytes };
    await nextTurn();
  }
  return total;
}

/** Does nothing when any process has done it within the last day. */
export async function sweepOrphanFiles(
  deps: StoreDeps,
  files: BlobFiles,
  signal: AbortSignal,
): Promise<Swept> {
  const leases = createLeaseStore(deps);
  const holder = deps.randomId();
  if (signal.aborted || !(await leases.acquire(LEASE, holder, INTERVAL_MS))) {
    return { files: 0, bytes: 0 };
  }
  let isDone = false;
  try {
    const swept = await sweep(deps, files, signal);
    isDone = !signal.aborted;
    return swept;
  } finally {
    // Kept after a whole sweep, until the next one is due; given back for another try otherwise.
    if (!isDone) await leases.release(LEASE, holder);
  }
}
