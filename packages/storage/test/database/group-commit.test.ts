import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Database, openDatabase } from '../../src/database/database.ts';
import type { Writer } from '../../src/database/transaction.ts';
import { type DataDirectory, makeDataDirectory } from '../fixtures/byte-store.ts';

let directory: DataDirectory;
let database: Database;
let other: Database;

beforeEach(async () => {
  directory = makeDataDirectory();
  database = await openDatabase(directory.layout.database);
  other = await openDatabase(directory.layout.database);
});

afterEach(() => {
  database.close();
  other.close();
  directory.remove();
});

const take = (tx: Writer, name: string) =>
  tx.insertInto('lease').values({ name, holder: 'test', until: 0 }).execute();

async function names(from = database): Promise<string[]> {
  const rows = await from.read.selectFrom('lease').select('name').orderBy('name').execute();
  return rows.map((row) => row.name);
}

it('gives each caller its own result, committed for everybody', async () => {
  const results = await Promise.all(
    Array.from({ length: 200 }, (_, i) =>
      database.write(async (tx) => {
        await take(tx, `n${i}`);
        return i;
      }),
    ),
  );
  expect(results).toEqual(Array.from({ length: 200 }, (_, i) => i));
  expect(await names(other)).toHaveLength(200);
});

it('commits those who come together at once', async () => {
  const before = other.dataVersion();
  let isFirstSeen = false;
  await Promise.all([
    database.write((tx) => take(tx, 'a')),
    database.write(async (tx) => {
      await take(tx, 'b');
      isFirstSeen = (await names(other)).length > 0;
    }),
  ]);
  expect(isFirstSeen).toBe(false);
  expect(other.dataVersion()).not.toBe(before);
  expect(await names(other)).toEqual(['a', 'b']);
});

it('takes back only the one that fails, also what it wrote before', async () => {
  const results = await Promise.allSettled([
    database.write((tx) => take(tx, 'a')),
    database.write(async (tx) => {
      await take(tx, 'b');
      throw new Error('no');
    }),
    database.write(async (tx) => {
      await take(tx, 'c');
      await take(tx, 'a');
    }),
    database.write((tx) => take(tx, 'd'), 'soft'),
  ]);
  expect(results.map((result) => result.status)).toEqual([
    'fulfilled',
    'rejected',
    'rejected',
    'fulfilled',
  ]);
  expect(await names(other)).toEqual(['a', 'd']);
});

it('lets each see what those before it have written', async () => {
  const [, seen] = await Promise.all([
    database.write((tx) => take(tx, 'a')),
    database.write((tx) => tx.selectFrom('lease').select('name').execute()),
  ]);
  expect(seen).toEqual([{ name: 'a' }]);
});

it('rejects everybody when the transaction itself is lost', async () => {
  const lost = Promise.allSettled([
    database.write((tx) => take(tx, 'a')),
    // What SQLite does by itself when the disk is full.
    database.write(async (tx) => {
      await tx.executeQuery({
        sql: 'ROLLBACK',
        parameters: [],
        query: { kind: 'RawNode' },
      } as never);
      throw new Error('full');
    }),
    database.write((tx) => take(tx, 'c')),
  ]);
  expect((await lost).map((result) => result.status)).toEqual(Array(3).fill('rejected'));
  await database.write((tx) => take(tx, 'after'));
  expect(await names(other)).toEqual(['after']);
});

describe('beside another process', () => {
  it('takes turns at the write lock', async () => {
    const count = 100;
    await Promise.all(
      [database, other].flatMap((each, which) =>
        Array.from({ length: count }, (_, i) => each.write((tx) => take(tx, `${which}-${i}`))),
      ),
    );
    expect(await names()).toHaveLength(2 * count);
  });
});
