// Removes one tag. Its siblings and the manifest stay; the manifest only if something else keeps it.
import type { RepositoryName, Tag } from '@portolan/oci';
import { recordAudit } from '../audit/record-audit.ts';
import { reviewLostManifests } from '../collection/lost-manifests.ts';
import type { Writer } from '../database/transaction.ts';
import { bumpContent } from '../database/generations.ts';
import type { TagChange } from './move-tag.ts';

export async function deleteTag(
  tx: Writer,
  repository: RepositoryName,
  name: Tag,
  { actor, at, leaseUntil }: TagChange,
): Promise<boolean> {
  const row = await tx
    .selectFrom('repository')
    .innerJoin('tag', 'tag.repository_id', 'repository.id')
    .innerJoin('manifest', 'manifest.id', 'tag.manifest_id')
    .select(['tag.repository_id', 'manifest.digest'])
    .where('repository.name', '=', repository)
    .where('tag.name', '=', name)
    .executeTakeFirst();
  if (row === undefined) return false;
  const { repository_id, digest } = row;
  await tx
    .deleteFrom('tag')
    .where('repository_id', '=', repository_id)
    .where('name', '=', name)
    .execute();
  await tx
    .insertInto('tag_history')
    .values({ repository_id, name, digest: null, actor, at })
    .execute();
  await reviewLostManifests(tx, repository_id, [digest], leaseUntil);
  await bumpContent(tx);
  const target = `${repository}:${name}`;
  await recordAudit(tx, { at, actor, action: 'tag.delete', target, detail: { digest } });
  return true;
}
