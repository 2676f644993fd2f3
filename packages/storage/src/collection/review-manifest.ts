// Whether a manifest that lost a tag, a parent or its subject has any reason left to be kept.
import type { Writer } from '../database/transaction.ts';
import { removeManifest } from '../manifests/remove-manifest.ts';
import { enqueueReviews, type Review } from './review-queue.ts';

/** The clock and the length of a lease, as of this transaction. */
export interface ReviewTimes {
  readonly now: number;
  readonly leaseMs: number;
}

type Due = Pick<Review, 'repositoryId' | 'digest'>;

async function isTagged(tx: Writer, manifestId: number): Promise<boolean> {
  const tag = await tx
    .selectFrom('tag')
    .select('name')
    .where('manifest_id', '=', manifestId)
    .limit(1)
    .executeTakeFirst();
  return tag !== undefined;
}

async function hasParent(tx: Writer, { repositoryId, digest }: Due): Promise<boolean> {
  const parent = await tx
    .selectFrom('manifest_reference')
    .select('manifest_id')
    .where('repository_id', '=', repositoryId)
    .where('digest', '=', digest)
    .where('kind', '=', 'child')
    .limit(1)
    .executeTakeFirst();
  return parent !== undefined;
}

function findManifest(tx: Writer, repositoryId: number, digest: string) {
  return tx
    .selectFrom('manifest')
    .select(['id', 'subject_digest', 'lease_until'])
    .where('repository_id', '=', repositoryId)
    .where('digest', '=', digest)
    .executeTakeFirst();
}

/** Whatever would take one of these reasons away later puts the manifest up for review again. */
async function isKept(
  tx: Writer,
  due: Due,
  manifest: { readonly id: number; readonly subject_digest: string | null },
): Promise<boolean> {
  if ((await isTagged(tx, manifest.id)) || (await hasParent(tx, due))) return true;
  // A signature lives as long as what it signs.
  const subject = manifest.subject_digest;
  return subject !== null && (await findManifest(tx, due.repositoryId, subject)) !== undefined;
}

/** True when it was removed. */
export async function reviewManifest(
  tx: Writer,
  due: Due,
  { now, leaseMs }: ReviewTimes,
): Promise<boolean> {
  const { repositoryId, digest } = due;
  const manifest = await findManifest(tx, repositoryId, digest);
  if (manifest === undefined || (await isKept(tx, due, manifest))) return false;
  if (manifest.lease_until > now) {
    const reviewAfter = manifest.lease_until;
    await enqueueReviews(tx, [{ kind: 'manifest', repositoryId, digest, reviewAfter }]);
    return false;
  }
  const row = { id: manifest.id, repositoryId, digest };
  await removeManifest(tx, row, { actor: '', at: now, leaseUntil: now + leaseMs });
  return true;
}
