import SqliteDatabase from 'better-sqlite3';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openDatabase } from '../../src/database/database.ts';
import { inspectDatabase } from '../../src/database/inspect-database.ts';

async function makeDatabase(): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'portolan-inspect-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const file = join(directory, 'portolan.db');
  (await openDatabase(file)).close();
  return file;
}

function change(file: string, sql: string): void {
  const connection = new SqliteDatabase(file);
  connection.exec(sql);
  connection.close();
}

describe('an inspection of the database', () => {
  it('finds one of this version whole', async () => {
    expect(inspectDatabase(await makeDatabase())).toMatchObject({ schema: 'current', damages: [] });
  });

  it.each([
    ['older', "DELETE FROM kysely_migration WHERE name LIKE '0002%'"],
    ['older', 'DROP TABLE kysely_migration'],
    ['newer', "INSERT INTO kysely_migration VALUES ('9999-later', '2099-01-01')"],
  ])('says that one is %s, and leaves it so: %s', async (schema, sql) => {
    const file = await makeDatabase();
    change(file, sql);
    expect(inspectDatabase(file).schema).toBe(schema);
    expect(inspectDatabase(file).schema).toBe(schema);
  });

  it('finds damage', async () => {
    const file = await makeDatabase();
    const bytes = readFileSync(file);
    // All but the first pages, which say what there is.
    bytes.fill(0x5a, bytes.length - 4096 * 4);
    writeFileSync(file, bytes);
    const { damages } = inspectDatabase(file);
    expect(damages?.length).toBeGreaterThan(0);
  });

  it('refuses what is no database', async () => {
    const file = await makeDatabase();
    writeFileSync(
      file,
      'no database at all, but long enough to have a header of one hundred bytes '.repeat(4),
    );
    expect(() => inspectDatabase(file)).toThrow(/not a database/);
  });
});
