// One transaction's worth of reviews. It takes each row out of the queue and decides anew, from what
// the rows say now; a review that came too early is put back with its later time.
import type { Database } from '../database/database.ts';
import type { Writer } from '../database/transaction.ts';
import { bumpContent } from '../database/generations.ts';
import type { StoreDeps } from '../store-deps.ts';
import { type RemovedFile, reviewBlob } from './review-blob.ts';
import { reviewLink } from './review-link.ts';
import { reviewManifest, type ReviewTimes } from './review-manifest.ts';
import { dropReview } from './review-queue.ts';

// A few milliseconds, in which no other write can begin.
const MAX_ROWS = 50;

export interface Reviewed {
  readonly reviews: number;
  readonly manifests: number;
  readonly links: number;
  /** To be removed now that their rows are durably gone. */
  readonly blobs: readonly RemovedFile[];
}

function dueReviews(db: Database['read'] | Writer, now: number) {
  return db
    .selectFrom('review')
    .select(['kind', 'repository_id as repositoryId', 'digest'])
    .where('review_after', '<=', now)
    .orderBy('review_after');
}

async function reviewRows(tx: Writer, times: ReviewTimes): Promise<Reviewed> {
  const rows = await dueReviews(tx, times.now).limit(MAX_ROWS).execute();
  let manifests = 0;
  let links = 0;
  const blobs: RemovedFile[] = [];
  for (const row of rows) {
    await dropReview(tx, row);
    if (row.kind === 'manifest' && (await reviewManifest(tx, row, times))) manifests++;
    if (row.kind === 'link' && (await reviewLink(tx, row, times.now))) links++;
    const blob = row.kind === 'blob' ? await reviewBlob(tx, row.digest) : undefined;
    if (blob !== undefined) blobs.push(blob);
  }
  if (manifests + links > 0) await bumpContent(tx);
  return { reviews: rows.length, manifests, links, blobs };
}

/** Undefined when nothing is due, which costs no write. */
export async function reviewDue(deps: StoreDeps): Promise<Reviewed | undefined> {
  const { database, clock, times } = deps;
  const due = await dueReviews(database.read, clock()).limit(1).executeTakeFirst();
  if (due === undefined) return undefined;
  return database.write((tx) => reviewRows(tx, { now: clock(), leaseMs: times.leaseMs }));
}
