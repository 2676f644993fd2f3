// The first schema. A landed migration never changes; the next one is a file of its own.
import { type Kysely, sql } from 'kysely';

const STATEMENTS = [
  `CREATE TABLE subject (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL CHECK (kind IN ('user', 'robot', 'service')),
    name TEXT NOT NULL UNIQUE,
    is_admin INTEGER NOT NULL DEFAULT 0 CHECK (is_admin IN (0, 1)),
    is_disabled INTEGER NOT NULL DEFAULT 0 CHECK (is_disabled IN (0, 1)),
    generation INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL
  ) STRICT`,
  `CREATE TABLE credential (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    subject_id INTEGER NOT NULL REFERENCES subject(id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('password', 'token', 'refresh')),
    hash TEXT NOT NULL,
    label TEXT NOT NULL DEFAULT '',
    service TEXT NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    last_used_at INTEGER
  ) STRICT`,
  `CREATE UNIQUE INDEX credential_hash ON credential(hash)`,
  `CREATE INDEX credential_subject ON credential(subject_id, kind)`,
  `CREATE TABLE team (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    description TEXT NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL
  ) STRICT`,
  `CREATE TABLE member (
    team_id INTEGER NOT NULL REFERENCES team(id) ON DELETE CASCADE,
    subject_id INTEGER NOT NULL REFERENCES subject(id) ON DELETE CASCADE,
    role TEXT NOT NULL CHECK (role IN ('viewer', 'contributor', 'owner')),
    PRIMARY KEY (team_id, subject_id)
  ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX member_subject ON member(subject_id)`,
  `CREATE TABLE namespace (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('global', 'personal', 'team')),
    team_id INTEGER REFERENCES team(id),
    subject_id INTEGER REFERENCES subject(id),
    visibility TEXT NOT NULL CHECK (visibility IN ('public', 'protected', 'private')),
    allows_sparse_indexes INTEGER NOT NULL DEFAULT 0 CHECK (allows_sparse_indexes IN (0, 1)),
    generation INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL
  ) STRICT`,
  `CREATE INDEX namespace_team ON namespace(team_id)`,
  `CREATE INDEX namespace_subject ON namespace(subject_id)`,
  `INSERT INTO namespace (name, kind, visibility, created_at) VALUES ('', 'global', 'protected', 0)`,
  `CREATE TABLE repository (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    namespace_id INTEGER NOT NULL REFERENCES namespace(id),
    created_at INTEGER NOT NULL
  ) STRICT`,
  `CREATE INDEX repository_namespace ON repository(namespace_id)`,
  `CREATE TABLE blob (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    digest TEXT NOT NULL UNIQUE,
    size INTEGER NOT NULL,
    file TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL
  ) STRICT`,
  `CREATE TABLE repository_blob (
    repository_id INTEGER NOT NULL REFERENCES repository(id) ON DELETE CASCADE,
    blob_id INTEGER NOT NULL REFERENCES blob(id),
    lease_until INTEGER NOT NULL,
    PRIMARY KEY (repository_id, blob_id)
  ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX repository_blob_blob ON repository_blob(blob_id)`,
  `CREATE TABLE manifest (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    repository_id INTEGER NOT NULL REFERENCES repository(id) ON DELETE CASCADE,
    digest TEXT NOT NULL,
    media_type TEXT NOT NULL,
    artifact_type TEXT,
    subject_digest TEXT,
    annotations TEXT NOT NULL,
    size INTEGER NOT NULL,
    lease_until INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    body BLOB NOT NULL
  ) STRICT`,
  `CREATE UNIQUE INDEX manifest_digest ON manifest(repository_id, digest)`,
  `CREATE INDEX manifest_subject ON manifest(repository_id, subject_digest, digest)
    WHERE subject_digest IS NOT NULL`,
  `CREATE TABLE manifest_reference (
    manifest_id INTEGER NOT NULL REFERENCES manifest(id) ON DELETE CASCADE,
    repository_id INTEGER NOT NULL,
    digest TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('config', 'layer', 'child')),
    PRIMARY KEY (manifest_id, digest, kind)
  ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX manifest_reference_digest ON manifest_reference(repository_id, digest)`,
  `CREATE TABLE tag (
    repository_id INTEGER NOT NULL REFERENCES repository(id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    manifest_id INTEGER NOT NULL REFERENCES manifest(id),
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (repository_id, name)
  ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX tag_manifest ON tag(manifest_id)`,
  `CREATE TABLE tag_history (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    repository_id INTEGER NOT NULL REFERENCES repository(id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    digest TEXT,
    actor TEXT NOT NULL,
    at INTEGER NOT NULL
  ) STRICT`,
  `CREATE INDEX tag_history_name ON tag_history(repository_id, name, id)`,
  `CREATE TABLE upload (
    id TEXT PRIMARY KEY,
    repository TEXT NOT NULL,
    subject TEXT NOT NULL,
    algorithm TEXT NOT NULL CHECK (algorithm IN ('sha256', 'sha512')),
    file TEXT NOT NULL,
    "offset" INTEGER NOT NULL,
    digest_so_far TEXT NOT NULL,
    writer TEXT,
    writer_until INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX upload_updated ON upload(updated_at)`,
  `CREATE TABLE review (
    kind TEXT NOT NULL CHECK (kind IN ('blob', 'link', 'manifest')),
    repository_id INTEGER NOT NULL,
    digest TEXT NOT NULL,
    review_after INTEGER NOT NULL,
    PRIMARY KEY (kind, repository_id, digest)
  ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX review_after ON review(review_after)`,
  `CREATE TABLE signing_key (
    kid TEXT PRIMARY KEY,
    public_jwk TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    activates_at INTEGER NOT NULL,
    retires_at INTEGER
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    detail TEXT NOT NULL
  ) STRICT`,
  `CREATE TABLE login_failure (
    key TEXT PRIMARY KEY,
    failures INTEGER NOT NULL,
    blocked_until INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE lease (
    name TEXT PRIMARY KEY,
    holder TEXT NOT NULL,
    until INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE generation (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    access INTEGER NOT NULL,
    content INTEGER NOT NULL
  ) STRICT`,
  `INSERT INTO generation (id, access, content) VALUES (1, 1, 1)`,
] as const;

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}
