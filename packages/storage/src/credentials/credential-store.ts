// Credentials of subjects. Secrets are never stored, only their hashes (reference: S10).
import type { Selectable } from 'kysely';
import { recordAudit } from '../audit/record-audit.ts';
import type { Schema } from '../database/schema.ts';
import type { StoreDeps } from '../store-deps.ts';
import { getUser, isUnchanged, revokeSubjects, toSubject } from '../subjects/subject-rows.ts';
import type { Subject } from '../subjects/subject.ts';
import { createCredentialUses } from './credential-uses.ts';
import { deleteRefreshTokens } from './delete-refresh-tokens.ts';
import { insertPassword } from './insert-password.ts';
import { makeRoomForRefreshToken } from './make-room.ts';

export interface Credential {
  readonly id: number;
  readonly subjectId: number;
  readonly kind: 'password' | 'token' | 'refresh';
  readonly label: string;
  readonly service: string;
  readonly createdAt: number;
  readonly expiresAt: number | undefined;
  readonly lastUsedAt: number | undefined;
}

export interface NewRefreshToken {
  /** As it was when it proved who it is. */
  readonly subject: Pick<Subject, 'id' | 'generation'>;
  /** Hex SHA-256 of the secret. */
  readonly hash: string;
  /** The client that asked for it. */
  readonly label: string;
  readonly service: string;
  readonly expiresAt: number;
}

export interface CredentialStore {
  /** PHC string of the subject's password; undefined when it has none. */
  passwordHash(subjectId: number): Promise<string | undefined>;
  /**
   * Replaces the password, ends tokens already issued, and revokes every refresh token.
   * @throws StorageError `not-found`
   */
  setPassword(name: string, passwordHash: string, actor: string): Promise<void>;
  /** Same password, hashed with newer parameters: nothing else changes. */
  rehashPassword(subjectId: number, passwordHash: string): Promise<void>;
  /**
   * Undefined when a right of the subject, or its password, has changed since: the token would
   * outlive what was meant to end it. Of very many tokens, those used longest ago go.
   */
  addRefreshToken(token: NewRefreshToken): Promise<Credential | undefined>;
  /** The refresh token and its subject, or undefined when unknown or expired. */
  findRefreshToken(
    hash: string,
  ): Promise<{ readonly credential: Credential; readonly subject: Subject } | undefined>;
  /** Notes a use and, for a refresh token, moves its idle expiry. Gathered, not written at once. */
  touch(credentialId: number, usedAt: number, expiresAt: number | undefined): Promise<void>;
  /** Every refresh token of a subject; how many there were. @throws StorageError `not-found` */
  revokeRefreshTokens(name: string, actor: string): Promise<number>;
}

/** What the composition root holds: it writes the gathered uses before the database closes. */
export interface OpenCredentialStore extends CredentialStore {
  flush(): Promise<void>;
  close(): Promise<void>;
}

function toCredential(row: Selectable<Schema['credential']>): Credential {
  return {
    id: row.id,
    subjectId: row.subject_id,
    kind: row.kind,
    label: row.label,
    service: row.service,
    createdAt: row.created_at,
    expiresAt: row.expires_at ?? undefined,
    lastUsedAt: row.last_used_at ?? undefined,
  };
}

async function setPassword(
  deps: StoreDeps,
  name: string,
  passwordHash: string,
  actor: string,
): Promise<void> {
  await deps.database.write(async (tx) => {
    const user = await getUser(tx, name);
    // Replaced by a new row: the old one's id stays with the old password.
    await tx
      .deleteFrom('credential')
      .where('subject_id', '=', user.id)
      .where('kind', '=', 'password')
      .execute();
    await insertPassword(tx, user.id, passwordHash, deps.clock());
    const refreshTokens = await deleteRefreshTokens(tx, user.id);
    await revokeSubjects(tx, [user.id]);
    const action = 'user.set-password';
    const detail = { refreshTokens };
    await recordAudit(tx, { at: deps.clock(), actor, action, target: name, detail });
  });
}

async function rehashPassword(
  deps: StoreDeps,
  subjectId: number,
  passwordHash: string,
): Promise<void> {
  await deps.database.write(async (tx) => {
    await tx
      .updateTable('credential')
      .set({ hash: passwordHash })
      .where('subject_id', '=', subjectId)
      .where('kind', '=', 'password')
      .execute();
  });
}

async function addRefreshToken(
  deps: StoreDeps,
  token: NewRefreshToken,
): Promise<Credential | undefined> {
  const { subject, hash, label, service, expiresAt } = token;
  const now = deps.clock();
  return await deps.database.write(async (tx) => {
    if (!(await isUnchanged(tx, subject))) return undefined;
    await makeRoomForRefreshToken(tx, subject.id, now);
    const row = await tx
      .insertInto('credential')
      .values({
        subject_id: subject.id,
        kind: 'refresh',
        hash,
        label,
        service,
        created_at: now,
        expires_at: expiresAt,
        last_used_at: null,
      })
      .returningAll()
      .executeTakeFirstOrThrow();
    return toCredential(row);
  });
}

async function findRefreshToken(
  deps: StoreDeps,
  hash: string,
): ReturnType<CredentialStore['findRefreshToken']> {
  const row = await deps.database.read
    .selectFrom('credential')
    .selectAll()
    .where('hash', '=', hash)
    .where('kind', '=', 'refresh')
    .executeTakeFirst();
  if (row === undefined || (row.expires_at ?? Infinity) <= deps.clock()) return undefined;
  const subject = await deps.database.read
    .selectFrom('subject')
    .selectAll()
    .where('id', '=', row.subject_id)
    .executeTakeFirst();
  // Deleted between the two queries, and the token with it.
  if (subject === undefined) return undefined;
  return { credential: toCredential(row), subject: toSubject(subject) };
}

async function revokeRefreshTokens(deps: StoreDeps, name: string, actor: string): Promise<number> {
  return await deps.database.write(async (tx) => {
    const user = await getUser(tx, name);
    const refreshTokens = await deleteRefreshTokens(tx, user.id);
    const action = 'user.revoke-refresh-tokens';
    const detail = { refreshTokens };
    await recordAudit(tx, { at: deps.clock(), actor, action, target: name, detail });
    return refreshTokens;
  });
}

export function createCredentialStore(deps: StoreDeps): OpenCredentialStore {
  const uses = createCredentialUses(deps.database);
  return {
    async passwordHash(subjectId) {
      const row = await deps.database.read
        .selectFrom('credential')
        .select('hash')
        .where('subject_id', '=', subjectId)
        .where('kind', '=', 'password')
        .executeTakeFirst();
      return row?.hash;
    },
    setPassword: (name, passwordHash, actor) => setPassword(deps, name, passwordHash, actor),
    rehashPassword: (subjectId, hash) => rehashPassword(deps, subjectId, hash),
    addRefreshToken: (token) => addRefreshToken(deps, token),
    findRefreshToken: (hash) => findRefreshToken(deps, hash),
    async touch(credentialId, usedAt, expiresAt) {
      uses.note(credentialId, { usedAt, expiresAt });
    },
    revokeRefreshTokens: (name, actor) => revokeRefreshTokens(deps, name, actor),
    flush: () => uses.flush(),
    close: () => uses.close(),
  };
}
