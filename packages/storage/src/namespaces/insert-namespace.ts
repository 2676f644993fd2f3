// The one way in which a namespace's row begins: private, nobody's, of generation 0, unless the caller
// says otherwise. What a name that is taken means is the caller's to say; that there is a new view, the
// caller announces.
import { UpstreamHost } from '@portolan/oci';
import type { Insertable } from 'kysely';
import { bumpContent } from '../database/generations.ts';
import type { Schema } from '../database/schema.ts';
import type { Writer } from '../database/transaction.ts';

type NamespaceValues = Insertable<Schema['namespace']>;

export function insertNamespace(
  tx: Writer,
  namespace: Pick<NamespaceValues, 'name' | 'kind' | 'created_at'> & Partial<NamespaceValues>,
) {
  return tx.insertInto('namespace').values({
    team_id: null,
    subject_id: null,
    visibility: 'private',
    allows_sparse_indexes: 0,
    generation: 0,
    ...namespace,
  });
}

/** Whoever remembers which registries are mirrored here, in any process, has to look again. */
export async function announceView(tx: Writer, namespace: string): Promise<void> {
  if (UpstreamHost.ofNamespace(namespace) !== undefined) await bumpContent(tx);
}
