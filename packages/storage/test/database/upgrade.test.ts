// A database of the version before, with rows in every table, keeps all of them.
import { mkdtempSync, rmSync } from 'node:fs';
import { sql } from 'kysely';
import { Migrator } from 'kysely/migration';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openDatabase } from '../../src/database/database.ts';
import * as initial from '../../src/database/migrations/0001-initial.ts';
import { openSqlite } from '../../src/database/sqlite.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;

const ROWS = [
  `INSERT INTO subject (kind, name, is_admin, created_at) VALUES ('user', 'ann', 1, 1)`,
  `INSERT INTO credential (subject_id, kind, hash, created_at) VALUES (1, 'password', 'h', 1)`,
  `INSERT INTO team (name, created_at) VALUES ('ops', 1)`,
  `INSERT INTO member (team_id, subject_id, role) VALUES (1, 1, 'owner')`,
  `INSERT INTO namespace (name, kind, team_id, visibility, generation, created_at)
    VALUES ('apps', 'team', 1, 'public', 4, 1)`,
  `INSERT INTO repository (name, namespace_id, created_at) VALUES ('apps/web', 2, 1)`,
  `INSERT INTO blob (digest, size, file, created_at) VALUES ('${DIGEST}', 1, 'f', 1)`,
  `INSERT INTO repository_blob (repository_id, blob_id, lease_until) VALUES (1, 1, 1)`,
  `INSERT INTO manifest (repository_id, digest, media_type, annotations, size, lease_until,
    created_at, body) VALUES (1, '${DIGEST}', 'm', '{}', 2, 1, 1, x'7b7d')`,
  `INSERT INTO manifest_reference (manifest_id, repository_id, digest, kind)
    VALUES (1, 1, '${DIGEST}', 'layer')`,
  `INSERT INTO tag (repository_id, name, manifest_id, updated_at) VALUES (1, 'latest', 1, 1)`,
  `INSERT INTO tag_history (repository_id, name, digest, actor, at)
    VALUES (1, 'latest', '${DIGEST}', 'ann', 1)`,
  `INSERT INTO upload (id, repository, subject, algorithm, file, "offset", digest_so_far,
    created_at, updated_at) VALUES ('u', 'apps/web', 'ann', 'sha256', 'f', 0, '', 1, 1)`,
  `INSERT INTO review (kind, repository_id, digest, review_after) VALUES ('blob', 0, 'd', 1)`,
  `INSERT INTO signing_key (kid, public_jwk, created_at, activates_at) VALUES ('k', '{}', 1, 1)`,
  `INSERT INTO audit (at, actor, action, target, detail) VALUES (1, 'ann', 'a.b', 't', '{}')`,
  `INSERT INTO login_failure (key, failures, blocked_until, updated_at) VALUES ('k', 1, 1, 1)`,
  `INSERT INTO lease (name, holder, until) VALUES ('job', 'me', 1)`,
  `UPDATE generation SET access = 7, content = 9`,
];

const TABLES =
  'subject credential team member namespace repository blob repository_blob manifest manifest_reference tag tag_history upload review signing_key audit login_failure lease generation'.split(
    ' ',
  );

type Connection = ReturnType<typeof openSqlite>['read'];
type Rows = Readonly<Record<string, unknown>>[];

async function readAll(connection: Connection): Promise<Map<string, Rows>> {
  const all = new Map<string, Rows>();
  for (const table of TABLES) {
    const { rows } = await sql<Rows[number]>`SELECT * FROM ${sql.table(table)}`.execute(connection);
    all.set(table, rows);
  }
  return all;
}

async function makeOldDatabase(file: string): Promise<Map<string, Rows>> {
  const sqlite = openSqlite(file);
  const migrations = { '0001-initial': initial };
  const provider = { getMigrations: async () => migrations };
  const { error } = await new Migrator({ db: sqlite.write, provider }).migrateToLatest();
  expect(error).toBeUndefined();
  for (const statement of ROWS) await sql.raw(statement).execute(sqlite.write);
  const rows = await readAll(sqlite.read);
  sqlite.close();
  return rows;
}

it('gives a database from before the mirror its tables, and keeps every row', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'portolan-upgrade-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const file = join(directory, 'portolan.db');
  const before = await makeOldDatabase(file);
  for (const [table, rows] of before) expect(rows.length, table).toBeGreaterThan(0);

  const database = await openDatabase(file);
  onTestFinished(() => database.close());
  const after = await readAll(database.read);
  for (const [table, rows] of before) {
    const added = table === 'namespace' ? { is_mirror: 0 } : {};
    expect(after.get(table), table).toEqual(rows.map((row) => ({ ...row, ...added })));
  }
  expect(await database.read.selectFrom('mirror_rule').selectAll().execute()).toEqual([]);
});

it('refuses a database that a later version has migrated, and leaves it alone', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'portolan-upgrade-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const file = join(directory, 'portolan.db');
  (await openDatabase(file)).close();
  const later = openSqlite(file);
  await sql
    .raw(`INSERT INTO kysely_migration (name, timestamp) VALUES ('9999-later', 't')`)
    .execute(later.write);
  later.close();
  await expect(openDatabase(file)).rejects.toMatchObject({
    code: 'database-newer',
    detail: { migrations: '9999-later' },
  });
});
