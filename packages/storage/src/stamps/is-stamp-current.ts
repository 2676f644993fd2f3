// The comparison of stamped rights with the rows that they were computed from.
import type { AccessStamp } from '@portolan/oci';
import type { Reader } from '../database/transaction.ts';
import { isUnchanged } from '../subjects/subject-rows.ts';

async function areNamespacesCurrent(
  read: Reader,
  stamps: AccessStamp['namespaces'],
): Promise<boolean> {
  const wanted = new Map(Object.entries(stamps));
  if (wanted.size === 0) return true;
  const rows = await read
    .selectFrom('namespace')
    .select(['id', 'name', 'generation'])
    .where('name', 'in', [...wanted.keys()])
    .execute();
  const current = rows.filter((row) => {
    const [id, generation] = wanted.get(row.name) ?? [];
    return row.id === id && row.generation === generation;
  });
  return current.length === wanted.size;
}

/** As `StampStore.isCurrent`; a transaction asks for itself. */
export async function isStampCurrent(
  read: Reader,
  { subject, namespaces }: AccessStamp,
): Promise<boolean> {
  return (
    (subject === undefined ||
      (await isUnchanged(read, { id: subject[0], generation: subject[1] }))) &&
    (await areNamespacesCurrent(read, namespaces))
  );
}
