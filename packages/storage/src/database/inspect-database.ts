// Looks at a database file without changing or migrating it, for whoever wants to know how it is.
import SqliteDatabase from 'better-sqlite3';
import { statSync } from 'node:fs';
import { MIGRATIONS } from './migrations/index.ts';

export interface DatabaseInspection {
  readonly bytes: number;
  /** Of the write-ahead log. */
  readonly walBytes: number;
  /** `older` is migrated by the next start, `newer` was made by a later version than this. */
  readonly schema: 'current' | 'older' | 'newer';
  /** What SQLite finds wrong; undefined when the file is too large to be read now. */
  readonly damages: readonly string[] | undefined;
}

// `quick_check` reads every page and blocks this thread meanwhile: some 300 MiB a second.
const MAX_CHECKED_BYTES = 512 * 1024 * 1024;
const MAX_DAMAGES = 5;

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

function schemaOf(connection: SqliteDatabase.Database): DatabaseInspection['schema'] {
  const hasTable = connection
    .prepare("SELECT 1 FROM sqlite_schema WHERE name = 'kysely_migration'")
    .get();
  if (hasTable === undefined) return 'older';
  const applied = connection.prepare('SELECT name FROM kysely_migration').pluck().all();
  const known = new Set(Object.keys(MIGRATIONS));
  if (applied.some((name) => !known.has(String(name)))) return 'newer';
  return applied.length < known.size ? 'older' : 'current';
}

function damagesOf(connection: SqliteDatabase.Database): string[] {
  const lines = connection.prepare(`PRAGMA quick_check(${MAX_DAMAGES})`).pluck().all().map(String);
  return lines.length === 1 && lines[0] === 'ok' ? [] : lines;
}

function look(file: string): DatabaseInspection {
  const bytes = sizeOf(file);
  const connection = new SqliteDatabase(file, { readonly: true, fileMustExist: true });
  try {
    connection.pragma('busy_timeout = 2000');
    return {
      bytes,
      walBytes: sizeOf(`${file}-wal`),
      schema: schemaOf(connection),
      damages: bytes > MAX_CHECKED_BYTES ? undefined : damagesOf(connection),
    };
  } finally {
    connection.close();
  }
}

/** So damaged that its tables cannot be read at all. */
function isCorrupt(error: unknown): error is Error {
  return error instanceof SqliteDatabase.SqliteError && error.code.startsWith('SQLITE_CORRUPT');
}

/** @throws the system's or SQLite's error when it cannot be opened or is no database */
export function inspectDatabase(file: string): DatabaseInspection {
  try {
    return look(file);
  } catch (error) {
    if (!isCorrupt(error)) throw error;
    const [bytes, walBytes] = [sizeOf(file), sizeOf(`${file}-wal`)];
    return { bytes, walBytes, schema: 'current', damages: [error.message] };
  }
}
