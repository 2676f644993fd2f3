// `If-Match` on a manifest PUT (RFC 9110 §13.1.1), inside the transaction that it guards: of two
// clients that both saw the same tag, only one can move it.
import type { Reference, RepositoryName } from '@portolan/oci';
import type { Writer } from '../database/transaction.ts';
import { storageError } from '../errors.ts';
import type { IfMatch } from './manifest-push.ts';

async function currentDigest(tx: Writer, repository: RepositoryName, reference: Reference) {
  const manifests = tx
    .selectFrom('repository')
    .innerJoin('manifest', 'manifest.repository_id', 'repository.id')
    .select('manifest.digest')
    .where('repository.name', '=', repository);
  const row =
    reference.kind === 'digest'
      ? await manifests.where('manifest.digest', '=', reference.digest).executeTakeFirst()
      : await manifests
          .innerJoin('tag', 'tag.manifest_id', 'manifest.id')
          .where('tag.repository_id', '=', (eb) => eb.ref('repository.id'))
          .where('tag.name', '=', reference.tag)
          .executeTakeFirst();
  return row?.digest;
}

/** @throws StorageError `precondition-failed` */
export async function checkIfMatch(
  tx: Writer,
  repository: RepositoryName,
  ifMatch: IfMatch,
): Promise<void> {
  const current = await currentDigest(tx, repository, ifMatch.reference);
  if (current !== undefined && (ifMatch.digests === '*' || ifMatch.digests.includes(current))) {
    return;
  }
  throw storageError('precondition-failed', 'the manifest is not the one that If-Match names', {
    hint: 'fetch the reference again and decide anew',
  });
}
