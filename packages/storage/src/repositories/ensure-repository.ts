// Repositories come into being with their first content. One whose namespace nobody has made yet
// gets a private one without a team, on which only administrators have rights.
import { RepositoryName } from '@portolan/oci';
import type { Writer } from '../database/transaction.ts';
import { announceView, insertNamespace } from '../namespaces/insert-namespace.ts';
import { requireRight, type WriteRight } from './write-right.ts';

async function ensureNamespace(tx: Writer, name: string, now: number): Promise<number> {
  const known = await tx
    .selectFrom('namespace')
    .select('id')
    .where('name', '=', name)
    .executeTakeFirst();
  if (known !== undefined) return known.id;
  const made = await insertNamespace(tx, { name, kind: 'team', created_at: now })
    .returning('id')
    .executeTakeFirstOrThrow();
  await announceView(tx, name);
  return made.id;
}

/**
 * The id of the repository's row, made when it is new. Part of any transaction that adds content.
 * @throws StorageError `access-withdrawn`, `mirror-only`
 */
export async function ensureRepository(
  tx: Writer,
  name: RepositoryName,
  now: number,
  right: WriteRight | undefined,
): Promise<number> {
  await requireRight(tx, name, right);
  const known = await tx
    .selectFrom('repository')
    .select('id')
    .where('name', '=', name)
    .executeTakeFirst();
  if (known !== undefined) return known.id;
  const namespaceId = await ensureNamespace(tx, RepositoryName.namespace(name), now);
  const made = await tx
    .insertInto('repository')
    .values({ name, namespace_id: namespaceId, created_at: now })
    .returning('id')
    .executeTakeFirstOrThrow();
  return made.id;
}
