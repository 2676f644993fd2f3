import type { Writer } from '../database/transaction.ts';

/** Every refresh token of a subject; how many there were. Part of the transaction that revokes them. */
export async function deleteRefreshTokens(tx: Writer, subjectId: number): Promise<number> {
  const { numDeletedRows } = await tx
    .deleteFrom('credential')
    .where('subject_id', '=', subjectId)
    .where('kind', '=', 'refresh')
    .executeTakeFirst();
  return Number(numDeletedRows);
}
