// A manifest that has lost a tag, a parent index or its subject may have lost its last reason to be
// kept. It gets a fresh lease, since whoever pulls it by digest right now shall be able to finish.
import type { Writer } from '../database/transaction.ts';
import { digestChunks } from '../manifests/digest-chunks.ts';
import { enqueueReviews } from './review-queue.ts';

/** Digests that the repository does not have as manifests are passed over. */
export async function reviewLostManifests(
  tx: Writer,
  repositoryId: number,
  digests: readonly string[],
  leaseUntil: number,
): Promise<void> {
  for (const chunk of digestChunks(digests)) {
    const lost = await tx
      .updateTable('manifest')
      .set((eb) => ({
        lease_until: eb
          .case()
          .when('lease_until', '<', leaseUntil)
          .then(leaseUntil)
          .else(eb.ref('lease_until'))
          .end(),
      }))
      .where('repository_id', '=', repositoryId)
      .where('digest', 'in', chunk)
      .returning(['digest', 'lease_until'])
      .execute();
    await enqueueReviews(
      tx,
      lost.map((manifest) => ({
        kind: 'manifest',
        repositoryId,
        digest: manifest.digest,
        reviewAfter: manifest.lease_until,
      })),
    );
  }
}
