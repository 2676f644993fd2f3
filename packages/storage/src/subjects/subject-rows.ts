// The subject table in the domain's words, and what every store that changes rights does with it.
import { type Selectable, sql } from 'kysely';
import type { Reader, Writer } from '../database/transaction.ts';
import { bumpAccess } from '../database/generations.ts';
import type { Schema } from '../database/schema.ts';
import { storageError } from '../errors.ts';
import type { Subject } from './subject.ts';

export function toSubject(row: Selectable<Schema['subject']>): Subject {
  return {
    id: row.id,
    kind: row.kind,
    name: row.name,
    isAdmin: row.is_admin === 1,
    isDisabled: row.is_disabled === 1,
    generation: row.generation,
    createdAt: row.created_at,
  };
}

/** @throws StorageError `not-found` */
export async function getUser(db: Reader | Writer, name: string): Promise<Subject> {
  const row = await db
    .selectFrom('subject')
    .selectAll()
    .where('name', '=', name)
    .where('kind', '=', 'user')
    .executeTakeFirst();
  if (row === undefined) {
    throw storageError('not-found', `there is no user '${name}'`, { kind: 'user', name });
  }
  return toSubject(row);
}

/** Whether the subject is there, enabled, and of the generation that the caller has seen. */
export async function isUnchanged(
  db: Reader | Writer,
  { id, generation }: Pick<Subject, 'id' | 'generation'>,
): Promise<boolean> {
  const row = await db
    .selectFrom('subject')
    .select('id')
    .where('id', '=', id)
    .where('generation', '=', generation)
    .where('is_disabled', '=', 0)
    .executeTakeFirst();
  return row !== undefined;
}

/** Ends the access of tokens already issued to these subjects. */
export async function revokeSubjects(tx: Writer, ids: readonly number[]): Promise<void> {
  if (ids.length > 0) {
    await tx
      .updateTable('subject')
      .set({ generation: sql`generation + 1` })
      .where('id', 'in', ids)
      .execute();
  }
  await bumpAccess(tx);
}
