// On what right content comes into a repository, asked in the very transaction that writes it. Between the
// check of a token and the commit, the right may be withdrawn or the namespace deleted, and the push would
// bring that back. A mirror is the mirror's alone, whatever a token grants; the mirror's right ends with it.
import { type AccessStamp, RepositoryName } from '@portolan/oci';
import type { Writer } from '../database/transaction.ts';
import { storageError } from '../errors.ts';
import { isMirror } from '../namespaces/namespace-rows.ts';
import { isStampCurrent } from '../stamps/is-stamp-current.ts';

/** The mirror's own, or what a token was granted by. */
export type WriteRight = 'mirror' | AccessStamp;

/**
 * Undefined is the right of a token whose rights others decide: that it has been checked is all there is.
 * @throws StorageError `access-withdrawn`, `mirror-only`
 */
export async function requireRight(
  tx: Writer,
  repository: RepositoryName,
  right: WriteRight | undefined,
): Promise<void> {
  if (right !== undefined && right !== 'mirror' && !(await isStampCurrent(tx, right))) {
    throw storageError('access-withdrawn', 'the right to write here has been withdrawn');
  }
  const name = RepositoryName.namespace(repository);
  const inMirror = await isMirror(tx, name);
  if (inMirror === (right === 'mirror')) return;
  throw inMirror
    ? storageError('mirror-only', `only the mirror writes to the namespace '${name}'`, {
        repository,
      })
    : storageError('access-withdrawn', `the namespace '${name}' is a mirror no more`, {
        repository,
      });
}
