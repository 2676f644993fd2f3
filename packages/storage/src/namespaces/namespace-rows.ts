// The namespace table, joined with the names of its owners, in the domain's words.
import { sql } from 'kysely';
import type { Reader, Writer } from '../database/transaction.ts';
import { bumpAccess } from '../database/generations.ts';
import { storageError } from '../errors.ts';
import type { Namespace } from './namespace.ts';

const COLUMNS = [
  'namespace.id',
  'namespace.name',
  'namespace.kind',
  'namespace.team_id',
  'namespace.subject_id',
  'namespace.visibility',
  'namespace.allows_sparse_indexes',
  'namespace.is_mirror',
  'namespace.generation',
  'namespace.created_at',
  'team.name as team_name',
  'subject.name as subject_name',
] as const;

/** Every namespace with its owners; callers narrow it. */
export function selectNamespaces(db: Reader | Writer) {
  return db
    .selectFrom('namespace')
    .leftJoin('team', 'team.id', 'namespace.team_id')
    .leftJoin('subject', 'subject.id', 'namespace.subject_id')
    .select(COLUMNS);
}

export type NamespaceRow = Awaited<
  ReturnType<ReturnType<typeof selectNamespaces>['executeTakeFirstOrThrow']>
>;

export function toNamespace(row: NamespaceRow): Namespace {
  return {
    id: row.id,
    name: row.name,
    kind: row.kind,
    team: row.team_name ?? undefined,
    owner: row.subject_name ?? undefined,
    visibility: row.visibility,
    allowsSparseIndexes: row.allows_sparse_indexes === 1,
    isMirror: row.is_mirror === 1,
    generation: row.generation,
    createdAt: row.created_at,
  };
}

/** False of a namespace that is not there, too. */
export async function isMirror(db: Reader | Writer, name: string): Promise<boolean> {
  const row = await db
    .selectFrom('namespace')
    .select('is_mirror')
    .where('name', '=', name)
    .executeTakeFirst();
  return row?.is_mirror === 1;
}

/** @throws StorageError `not-found` */
export async function getNamespace(tx: Writer, name: string): Promise<NamespaceRow> {
  const row = await selectNamespaces(tx).where('namespace.name', '=', name).executeTakeFirst();
  if (row !== undefined) return row;
  throw storageError('not-found', `there is no namespace '${name}'`, { kind: 'namespace', name });
}

/** Ends the access of tokens already issued for the namespace. */
export async function revokeNamespace(tx: Writer, id: number): Promise<void> {
  await tx
    .updateTable('namespace')
    .set({ generation: sql`generation + 1` })
    .where('id', '=', id)
    .execute();
  await bumpAccess(tx);
}
