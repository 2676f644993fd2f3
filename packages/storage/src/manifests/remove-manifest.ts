// Takes a manifest out of its repository, for a client that deletes it and for collection alike. What
// it kept alive is put up for review; nothing else is removed here. Every step goes through an index,
// so that the cost depends on this manifest alone and not on the repository's size.
import { enqueueReviews, dropReview } from '../collection/review-queue.ts';
import { reviewLostManifests } from '../collection/lost-manifests.ts';
import type { Writer } from '../database/transaction.ts';
import type { TagChange } from '../tags/move-tag.ts';

export interface ManifestRow {
  readonly id: number;
  readonly repositoryId: number;
  readonly digest: string;
}

async function removeTags(tx: Writer, manifest: ManifestRow, change: TagChange): Promise<void> {
  await tx
    .insertInto('tag_history')
    .columns(['repository_id', 'name', 'digest', 'actor', 'at'])
    .expression((eb) =>
      eb
        .selectFrom('tag')
        .select((tag) => [
          'repository_id',
          'name',
          tag.val(null).as('digest'),
          tag.val(change.actor).as('actor'),
          tag.val(change.at).as('at'),
        ])
        .where('manifest_id', '=', manifest.id),
    )
    .execute();
  await tx.deleteFrom('tag').where('manifest_id', '=', manifest.id).execute();
}

/** Children and referrers lose this manifest; blobs lose a reason to be linked. */
async function reviewDependants(tx: Writer, manifest: ManifestRow, change: TagChange) {
  const { id, repositoryId, digest } = manifest;
  const references = await tx
    .selectFrom('manifest_reference')
    .select(['digest', 'kind'])
    .where('manifest_id', '=', id)
    .execute();
  const referrers = await tx
    .selectFrom('manifest')
    .select('digest')
    .where('repository_id', '=', repositoryId)
    .where('subject_digest', '=', digest)
    .execute();
  const children = references.filter((reference) => reference.kind === 'child');
  const lost = [...children, ...referrers].map((manifestOf) => manifestOf.digest);
  await reviewLostManifests(tx, repositoryId, lost, change.leaseUntil);
  // The link's own lease decides whether a push that is under way still counts on it.
  const links = references.filter((reference) => reference.kind !== 'child');
  await enqueueReviews(
    tx,
    links.map((link) => ({
      kind: 'link',
      repositoryId,
      digest: link.digest,
      reviewAfter: change.at,
    })),
  );
}

/** Part of a transaction, which also has to move the content generation. */
export async function removeManifest(
  tx: Writer,
  manifest: ManifestRow,
  change: TagChange,
): Promise<void> {
  await removeTags(tx, manifest, change);
  await reviewDependants(tx, manifest, change);
  await tx.deleteFrom('manifest').where('id', '=', manifest.id).execute();
  await dropReview(tx, { kind: 'manifest', ...manifest });
}
