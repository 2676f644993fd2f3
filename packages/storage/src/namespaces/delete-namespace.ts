// Removing a namespace, with all its repositories when that is asked for. The blobs stay on disk
// until collection has found that no other repository links to them.
import { recordAudit } from '../audit/record-audit.ts';
import { enqueueReviews } from '../collection/review-queue.ts';
import type { Writer } from '../database/transaction.ts';
import { bumpAccess, bumpContent } from '../database/generations.ts';
import { storageError } from '../errors.ts';
import type { StoreDeps } from '../store-deps.ts';
import { countRulesInto } from './mirror-namespace.ts';
import { getNamespace, type NamespaceRow } from './namespace-rows.ts';

function stillInUse(namespace: NamespaceRow, message: string, detail: object): never {
  throw storageError('still-in-use', message, {
    kind: 'namespace',
    name: namespace.name,
    ...detail,
  });
}

async function deleteContent(tx: Writer, namespaceId: number, now: number): Promise<void> {
  // A query of the ids rather than a list: a namespace may hold more than a statement takes values.
  const repositories = tx
    .selectFrom('repository')
    .select('id')
    .where('namespace_id', '=', namespaceId);
  const unlinked = await tx
    .selectFrom('repository_blob')
    .innerJoin('blob', 'blob.id', 'repository_blob.blob_id')
    .select('blob.digest')
    .distinct()
    .where('repository_blob.repository_id', 'in', repositories)
    .execute();
  await enqueueReviews(
    tx,
    unlinked.map(({ digest }) => ({ kind: 'blob', repositoryId: 0, digest, reviewAfter: now })),
  );
  for (const table of ['tag', 'manifest', 'repository_blob'] as const) {
    await tx.deleteFrom(table).where('repository_id', 'in', repositories).execute();
  }
  // References and the tag history go by foreign key.
  await tx.deleteFrom('repository').where('namespace_id', '=', namespaceId).execute();
}

async function countRepositories(tx: Writer, namespaceId: number): Promise<number> {
  const row = await tx
    .selectFrom('repository')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('namespace_id', '=', namespaceId)
    .executeTakeFirstOrThrow();
  return row.count;
}

export async function deleteNamespace(
  deps: StoreDeps,
  name: string,
  withContent: boolean,
  actor: string,
): Promise<void> {
  const now = deps.clock();
  await deps.database.write(async (tx) => {
    const namespace = await getNamespace(tx, name);
    if (namespace.kind === 'global') {
      stillInUse(namespace, 'the global namespace cannot be deleted', {});
    }
    if (namespace.subject_name !== null) {
      stillInUse(namespace, `'${name}' is the personal namespace of a user`, {
        hint: 'delete the user instead',
      });
    }
    const rules = await countRulesInto(tx, name);
    if (rules > 0) {
      const hint = 'remove those rules first';
      stillInUse(namespace, `mirror rules write to the namespace '${name}'`, { rules, hint });
    }
    const repositories = await countRepositories(tx, namespace.id);
    if (repositories > 0 && !withContent) {
      stillInUse(namespace, `the namespace '${name}' holds repositories`, {
        repositories,
        hint: 'delete it with its content (--with-content), or delete the repositories first',
      });
    }
    if (repositories > 0) await deleteContent(tx, namespace.id, now);
    await tx.deleteFrom('namespace').where('id', '=', namespace.id).execute();
    await bumpAccess(tx);
    await bumpContent(tx);
    const action = 'namespace.delete';
    await recordAudit(tx, { at: now, actor, action, target: name, detail: { repositories } });
  });
}
