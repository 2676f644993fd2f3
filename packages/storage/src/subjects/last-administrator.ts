import type { Writer } from '../database/transaction.ts';
import { storageError } from '../errors.ts';
import type { Subject } from './subject.ts';

/**
 * An instance whose last administrator is gone can be managed by nobody. Disabled administrators do
 * not count. @throws StorageError `last-administrator`
 */
export async function refuseLastAdministrator(tx: Writer, user: Subject): Promise<void> {
  if (!user.isAdmin || user.isDisabled) return;
  const other = await tx
    .selectFrom('subject')
    .select('id')
    .where('is_admin', '=', 1)
    .where('is_disabled', '=', 0)
    .where('id', '!=', user.id)
    .executeTakeFirst();
  if (other !== undefined) return;
  throw storageError('last-administrator', `'${user.name}' is the only administrator`, {
    user: user.name,
    hint: 'make another user an administrator first',
  });
}
