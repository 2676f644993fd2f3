// What the mirror keeps: upstreams, rules, what it saw of each tag, its runs, and bundles.
import { type Kysely, sql } from 'kysely';

const STATEMENTS = [
  `ALTER TABLE namespace ADD COLUMN is_mirror INTEGER NOT NULL DEFAULT 0 CHECK (is_mirror IN (0, 1))`,
  `CREATE TABLE upstream (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    host TEXT NOT NULL UNIQUE,
    settings TEXT NOT NULL,
    sealed_credentials BLOB,
    quota TEXT,
    created_at INTEGER NOT NULL
  ) STRICT`,
  `CREATE TABLE mirror_rule (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    upstream_id INTEGER NOT NULL REFERENCES upstream(id),
    path TEXT NOT NULL,
    destination TEXT NOT NULL UNIQUE,
    settings TEXT NOT NULL,
    next_run_at INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
  ) STRICT`,
  `CREATE INDEX mirror_rule_upstream ON mirror_rule(upstream_id)`,
  `CREATE INDEX mirror_rule_next_run ON mirror_rule(next_run_at) WHERE next_run_at IS NOT NULL`,
  `CREATE TABLE mirror_tag (
    rule_id INTEGER NOT NULL REFERENCES mirror_rule(id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    digest TEXT,
    checked_at INTEGER NOT NULL,
    changed_at INTEGER,
    vanished_at INTEGER,
    error TEXT,
    PRIMARY KEY (rule_id, name)
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE mirror_run (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    rule_id INTEGER NOT NULL REFERENCES mirror_rule(id) ON DELETE CASCADE,
    started_at INTEGER NOT NULL,
    ended_at INTEGER,
    outcome TEXT NOT NULL CHECK (outcome IN ('running', 'ok', 'partial', 'failed', 'limited')),
    summary TEXT NOT NULL
  ) STRICT`,
  `CREATE INDEX mirror_run_rule ON mirror_run(rule_id, id)`,
  `CREATE TABLE mirror_download (
    repository TEXT NOT NULL,
    digest TEXT NOT NULL,
    upload_id TEXT NOT NULL,
    PRIMARY KEY (repository, digest)
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE bundle (
    id TEXT NOT NULL,
    direction TEXT NOT NULL CHECK (direction IN ('export', 'import')),
    made_at INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    manifest TEXT NOT NULL,
    PRIMARY KEY (direction, id)
  ) STRICT, WITHOUT ROWID`,
] as const;

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}
