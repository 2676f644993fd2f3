// Whether rights that were stamped into a token still stand. One or two reads by key; whoever asks on
// every request remembers the answer while the access generation stands still.
import type { AccessStamp } from '@portolan/oci';
import type { Reader } from '../database/transaction.ts';
import type { StoreDeps } from '../store-deps.ts';
import { isUnchanged } from '../subjects/subject-rows.ts';

export interface StampStore {
  /**
   * Whether nothing that the stamped rights were computed from has changed: the subject is there,
   * enabled and of the same generation, and each namespace is the same row of the same generation.
   */
  isCurrent(stamp: AccessStamp): Promise<boolean>;
}

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

export function createStampStore({ database: { read } }: StoreDeps): StampStore {
  return {
    isCurrent: async ({ subject, namespaces }) =>
      (subject === undefined ||
        (await isUnchanged(read, { id: subject[0], generation: subject[1] }))) &&
      (await areNamespacesCurrent(read, namespaces)),
  };
}
