import type { Selectable } from 'kysely';
import type { Reader, Writer } from '../database/transaction.ts';
import type { Schema } from '../database/schema.ts';
import { storageError } from '../errors.ts';
import type { Team } from './team.ts';

export function toTeam(row: Selectable<Schema['team']>): Team {
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    createdAt: row.created_at,
  };
}

/** @throws StorageError `not-found` */
export async function getTeam(db: Reader | Writer, name: string): Promise<Team> {
  const row = await db.selectFrom('team').selectAll().where('name', '=', name).executeTakeFirst();
  if (row === undefined) {
    throw storageError('not-found', `there is no team '${name}'`, { kind: 'team', name });
  }
  return toTeam(row);
}

export async function memberIds(tx: Writer, teamId: number): Promise<readonly number[]> {
  const rows = await tx
    .selectFrom('member')
    .select('subject_id')
    .where('team_id', '=', teamId)
    .execute();
  return rows.map((row) => row.subject_id);
}
