import type { Writer } from '../database/transaction.ts';

/** The one password of a subject that has none. `hash` is a PHC string. */
export async function insertPassword(
  tx: Writer,
  subjectId: number,
  hash: string,
  now: number,
): Promise<void> {
  await tx
    .insertInto('credential')
    .values({
      subject_id: subjectId,
      kind: 'password',
      hash,
      label: '',
      service: '',
      created_at: now,
      expires_at: null,
      last_used_at: null,
    })
    .execute();
}
