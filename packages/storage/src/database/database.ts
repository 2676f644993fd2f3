// The one database: reads on a connection of their own, writes as whole transactions one after the
// other, of which several may share one commit.
import type { Kysely } from 'kysely';
import { Migrator } from 'kysely/migration';
import type { ObserveStorage } from '../observation.ts';
import { createGroupCommit } from './group-commit.ts';
import { MIGRATIONS } from './migrations/index.ts';
import type { Schema } from './schema.ts';
import { type Durability, openSqlite } from './sqlite.ts';
import type { Reader, Writer } from './transaction.ts';

export interface Database {
  /** Single statements. What must see one state across statements belongs into a transaction. */
  readonly read: Reader;
  /**
   * One transaction, alone with the database; when the promise resolves it is committed, and with
   * `durable` (the default) it is on disk. When `work` throws, nothing of it is kept. `work` awaits
   * nothing but queries of its own transaction: the network or the disk in there would stop every
   * other writer.
   */
  write<T>(work: (tx: Writer) => Promise<T>, durability?: Durability): Promise<T>;
  /** Moves whenever anyone has committed since the last call. */
  dataVersion(): number;
  close(): void;
}

async function migrate(db: Kysely<Schema>): Promise<void> {
  const migrator = new Migrator({
    db,
    provider: { getMigrations: async () => ({ ...MIGRATIONS }) },
  });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw error;
}

async function isMigrated(db: Kysely<Schema>): Promise<boolean> {
  const last = Object.keys(MIGRATIONS).at(-1);
  const untyped = db as unknown as Kysely<{ kysely_migration: { name: string } }>;
  try {
    const row = await untyped
      .selectFrom('kysely_migration')
      .select('name')
      .where('name', '=', last as string)
      .executeTakeFirst();
    return row !== undefined;
  } catch {
    // No such table: an empty database.
    return false;
  }
}

/** Opens the database file, made and migrated when needed. */
export async function openDatabase(file: string, observe?: ObserveStorage): Promise<Database> {
  const sqlite = openSqlite(file);
  if (!(await isMigrated(sqlite.read))) await migrate(sqlite.write);
  sqlite.stopBlocking();
  return {
    read: sqlite.read,
    write: createGroupCommit(sqlite, observe),
    dataVersion: () => sqlite.dataVersion(),
    close: () => sqlite.close(),
  };
}
