// What only SQLite has: pragmas, its write lock across processes, and data_version.
import SqliteDatabase from 'better-sqlite3';
import { Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely';
import { setTimeout as delay } from 'node:timers/promises';
import { storageError } from '../errors.ts';
import type { Schema } from './schema.ts';
import { SqliteDriver, type TransactionControl } from './sqlite-driver.ts';

/** How hard a transaction's commit is: `soft` may be lost at a power cut, never at a crash of ours. */
export type Durability = 'durable' | 'soft';

export interface SqliteHandles {
  readonly read: Kysely<Schema>;
  readonly write: Kysely<Schema>;
  /** From now on BEGIN fails at once, and is asked for again, while another process holds the lock. */
  stopBlocking(): void;
  /** Takes effect at the next BEGIN. */
  setDurability(durability: Durability): void;
  /** Moves whenever any other connection has committed. About 1 µs. */
  dataVersion(): number;
  close(): void;
}

const BUSY_DEADLINE_MS = 15_000;

function isBusy(error: unknown): boolean {
  return error instanceof SqliteDatabase.SqliteError && error.code.startsWith('SQLITE_BUSY');
}

/** A database without space for its log is a full disk to whoever called. */
export function asDiskFull(error: unknown): unknown {
  const isFull = error instanceof SqliteDatabase.SqliteError && error.code === 'SQLITE_FULL';
  return isFull ? storageError('disk-full', 'the disk is full', {}, error) : error;
}

/** Processes that make the database together: SQLite refuses all but one of them without waiting. */
function useWriteAheadLog(connection: SqliteDatabase.Database): void {
  const deadline = performance.now() + BUSY_DEADLINE_MS;
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (;;) {
    try {
      connection.pragma('journal_mode = WAL');
      return;
    } catch (error) {
      if (!isBusy(error) || performance.now() > deadline) throw error;
      Atomics.wait(pause, 0, 0, 5);
    }
  }
}

function open(file: string): SqliteDatabase.Database {
  const connection = new SqliteDatabase(file);
  useWriteAheadLog(connection);
  connection.pragma('foreign_keys = ON');
  connection.pragma('cache_size = -16000');
  connection.pragma('mmap_size = 268435456');
  return connection;
}

/** SQLite's DDL is transactional, so a migration is all or nothing, also between two processes. */
class TransactionalDdlAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

function kysely(connection: SqliteDatabase.Database, control: TransactionControl): Kysely<Schema> {
  return new Kysely<Schema>({
    dialect: {
      createAdapter: () => new TransactionalDdlAdapter(),
      createDriver: () => new SqliteDriver(connection, control),
      createIntrospector: (db) => new SqliteIntrospector(db),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  });
}

/**
 * BEGIN IMMEDIATE, asked for again while another process holds the lock. SQLite's own busy handler
 * would sleep in this thread, and every other request with it.
 */
function waitForLock(wantedDurability: () => Durability): TransactionControl {
  return {
    async begin(connection) {
      const deadline = performance.now() + BUSY_DEADLINE_MS;
      const level = wantedDurability() === 'durable' ? 'FULL' : 'NORMAL';
      connection.run(`PRAGMA synchronous = ${level}`);
      for (let attempt = 0; ; attempt++) {
        try {
          connection.run('BEGIN IMMEDIATE');
          return;
        } catch (error) {
          if (!isBusy(error)) throw error;
          if (performance.now() > deadline) {
            throw storageError('database-busy', 'the database is busy', {}, error);
          }
          // The other process's transactions last well under a millisecond each.
          if (attempt < 3) await new Promise((resolve) => setImmediate(resolve));
          else await delay(Math.min(attempt, 10) * (0.5 + Math.random()));
        }
      }
    },
  };
}

export function openSqlite(file: string): SqliteHandles {
  let durability: Durability = 'durable';
  const writer = open(file);
  writer.pragma('busy_timeout = 5000');
  const reader = open(file);
  reader.pragma('busy_timeout = 5000');
  reader.pragma('query_only = ON');
  const version = reader.prepare('PRAGMA data_version').pluck();
  return {
    read: kysely(
      reader,
      waitForLock(() => 'durable'),
    ),
    write: kysely(
      writer,
      waitForLock(() => durability),
    ),
    // Statements inside a transaction never meet another writer.
    stopBlocking: () => {
      writer.pragma('busy_timeout = 0');
    },
    setDurability: (wanted) => {
      durability = wanted;
    },
    dataVersion: () => version.get() as number,
    close: () => {
      reader.close();
      writer.close();
    },
  };
}
