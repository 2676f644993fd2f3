// Garbage collection, online: leases, review queues, small transactions (reference §4.5). No lock
// across processes is needed, for a file's name is never used twice: rows go first, in a transaction
// that re-checks every reason to keep them, and then the one file that the row named.
//
// What is kept: a tag keeps its manifest, an index its children, a subject its referrers, a manifest
// its blobs; a lease keeps a blob that a push may still name. A manifest that was pushed by digest
// and never had a tag or a parent is kept until somebody deletes it, since mirrors and clients that
// work by digest alone rely on it; one that lost its last tag, parent or subject goes when the lease
// that it got at the loss is over. Only a loss puts a manifest into the queue, and a new push takes
// it out again, so that the queue itself records the difference. Tag history is kept.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { BlobFiles } from '../files/blob-files.ts';
import type { StoreDeps } from '../store-deps.ts';
import { removeExpiredUploads } from './expired-uploads.ts';
import { sweepOrphanFiles } from './orphan-files.ts';
import type { RemovedFile } from './review-blob.ts';
import { reviewDue } from './review-due.ts';

export interface CollectionReport {
  readonly expiredUploads: number;
  readonly manifests: number;
  readonly links: number;
  readonly blobs: number;
  /** Files without a row, older than a day. */
  readonly orphanFiles: number;
  /** Bytes freed. */
  readonly bytes: number;
}

export interface Collector {
  /** Does what is due now, in small steps; stops early when aborted. */
  run(signal: AbortSignal): Promise<CollectionReport>;
}

type Counts = { -readonly [Key in keyof CollectionReport]: CollectionReport[Key] };

export function createCollector(deps: StoreDeps, files: BlobFiles): Collector {
  async function remove(area: 'blobs' | 'uploads', gone: readonly RemovedFile[], counts: Counts) {
    for (const { file, size } of gone) {
      await files.remove(area, file);
      counts.bytes += size;
    }
  }

  async function expireUploads(signal: AbortSignal, counts: Counts): Promise<void> {
    while (!signal.aborted) {
      const expired = await removeExpiredUploads(deps);
      if (expired.length === 0) return;
      await remove('uploads', expired, counts);
      counts.expiredUploads += expired.length;
      await nextTurn();
    }
  }

  async function review(signal: AbortSignal, counts: Counts): Promise<void> {
    while (!signal.aborted) {
      const reviewed = await reviewDue(deps);
      if (reviewed === undefined) return;
      await remove('blobs', reviewed.blobs, counts);
      counts.manifests += reviewed.manifests;
      counts.links += reviewed.links;
      counts.blobs += reviewed.blobs.length;
      await nextTurn();
    }
  }

  return {
    async run(signal) {
      const counts: Counts = {
        expiredUploads: 0,
        manifests: 0,
        links: 0,
        blobs: 0,
        orphanFiles: 0,
        bytes: 0,
      };
      await expireUploads(signal, counts);
      await review(signal, counts);
      const swept = await sweepOrphanFiles(deps, files, signal);
      counts.orphanFiles += swept.files;
      counts.bytes += swept.bytes;
      return counts;
    },
  };
}
