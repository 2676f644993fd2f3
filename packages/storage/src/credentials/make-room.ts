import { sql } from 'kysely';
import type { Writer } from '../database/transaction.ts';

/** Every login with docker leaves one; a build machine logs in for each of its jobs. */
const MAX_REFRESH_TOKENS = 500;

/** For one refresh token more: the expired ones go, and of too many those used longest ago. */
export async function makeRoomForRefreshToken(
  tx: Writer,
  subjectId: number,
  now: number,
): Promise<void> {
  const surplus = tx
    .selectFrom('credential')
    .select('id')
    .where('subject_id', '=', subjectId)
    .where('kind', '=', 'refresh')
    .orderBy(sql`coalesce(last_used_at, created_at)`, 'desc')
    .orderBy('id', 'desc')
    .limit(-1)
    .offset(MAX_REFRESH_TOKENS - 1);
  await tx
    .deleteFrom('credential')
    .where('subject_id', '=', subjectId)
    .where('kind', '=', 'refresh')
    .where((eb) => eb.or([eb('expires_at', '<=', now), eb('id', 'in', surplus)]))
    .execute();
}
