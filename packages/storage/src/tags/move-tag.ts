// The one place where a tag comes to point at a manifest, and the history of where it pointed.
import type { Tag } from '@portolan/oci';
import { reviewLostManifests } from '../collection/lost-manifests.ts';
import type { Writer } from '../database/transaction.ts';

export interface TagTarget {
  readonly repositoryId: number;
  readonly manifestId: number;
  readonly digest: string;
}

export interface TagChange {
  /** Name of the subject, for the history. */
  readonly actor: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Until when a manifest that loses this tag is kept. */
  readonly leaseUntil: number;
}

/** True when the tag pointed elsewhere before, so that other processes may have cached it. */
export async function moveTag(
  tx: Writer,
  name: Tag,
  target: TagTarget,
  change: TagChange,
): Promise<boolean> {
  const { repositoryId, manifestId, digest } = target;
  const before = await tx
    .selectFrom('tag')
    .innerJoin('manifest', 'manifest.id', 'tag.manifest_id')
    .select('manifest.digest')
    .where('tag.repository_id', '=', repositoryId)
    .where('tag.name', '=', name)
    .executeTakeFirst();
  if (before?.digest === digest) return false;
  const pointer = { manifest_id: manifestId, updated_at: change.at };
  await tx
    .insertInto('tag')
    .values({ repository_id: repositoryId, name, ...pointer })
    .onConflict((conflict) => conflict.columns(['repository_id', 'name']).doUpdateSet(pointer))
    .execute();
  await tx
    .insertInto('tag_history')
    .values({ repository_id: repositoryId, name, digest, actor: change.actor, at: change.at })
    .execute();
  if (before === undefined) return false;
  await reviewLostManifests(tx, repositoryId, [before.digest], change.leaseUntil);
  return true;
}
