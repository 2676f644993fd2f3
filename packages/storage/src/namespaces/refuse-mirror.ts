// What only the mirror may write to, held once more below the tokens: a token that was granted too much,
// or a caller that asks for none, still changes nothing there. Deleting stays with the administrators.
import { RepositoryName } from '@portolan/oci';
import type { Writer } from '../database/transaction.ts';
import { storageError } from '../errors.ts';

/** Part of the transaction that writes. @throws StorageError `mirror-only` */
export async function refuseMirror(tx: Writer, repository: RepositoryName): Promise<void> {
  const name = RepositoryName.namespace(repository);
  const mirror = await tx
    .selectFrom('namespace')
    .select('id')
    .where('name', '=', name)
    .where('is_mirror', '=', 1)
    .executeTakeFirst();
  if (mirror === undefined) return;
  throw storageError('mirror-only', `only the mirror writes to the namespace '${name}'`, {
    repository,
  });
}
