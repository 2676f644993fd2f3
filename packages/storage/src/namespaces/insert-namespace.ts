// The one way in which a namespace's row begins: private, nobody's, of generation 0, unless the caller
// says otherwise. What a name that is taken means is the caller's to say.
import type { Insertable } from 'kysely';
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
