// The one database: reads on a connection of their own, writes as whole transactions one after the
// other, of which several may share one commit.
import type { Kysely } from 'kysely';
import { Migrator } from 'kysely/migration';
import { storageError } from '../errors.ts';
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

async function appliedMigrations(db: Kysely<Schema>): Promise<readonly string[]> {
  const untyped = db as unknown as Kysely<{ kysely_migration: { name: string } }>;
  try {
    const rows = await untyped.selectFrom('kysely_migration').select('name').execute();
    return rows.map(({ name }) => name);
  } catch {
    // No such table: an empty database.
    return [];
  }
}

/** A later version may have given a column a meaning that this one would write past. */
function refuseLater(applied: readonly string[]): void {
  const unknown = applied.filter((name) => !Object.hasOwn(MIGRATIONS, name));
  if (unknown.length === 0) return;
  throw storageError('database-newer', 'the database was made by a later version of Portolan', {
    migrations: unknown.join(', '),
    hint: 'Run that version, or restore the copy of the data directory from before the upgrade.',
  });
}

/**
 * Opens the database file, made and migrated when needed.
 * @throws StorageError `database-newer`
 */
export async function openDatabase(file: string, observe?: ObserveStorage): Promise<Database> {
  const sqlite = openSqlite(file);
  try {
    const applied = await appliedMigrations(sqlite.read);
    refuseLater(applied);
    if (applied.length < Object.keys(MIGRATIONS).length) await migrate(sqlite.write);
  } catch (error) {
    sqlite.close();
    throw error;
  }
  sqlite.stopBlocking();
  return {
    read: sqlite.read,
    write: createGroupCommit(sqlite, observe),
    dataVersion: () => sqlite.dataVersion(),
    close: () => sqlite.close(),
  };
}
