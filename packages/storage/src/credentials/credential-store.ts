// Credentials of subjects. Secrets are never stored, only their hashes (reference: S10).
import type { Subject } from '../subjects/subject-store.ts';

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
  readonly subjectId: number;
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
  addRefreshToken(token: NewRefreshToken): Promise<Credential>;
  /** The refresh token and its subject, or undefined when unknown or expired. */
  findRefreshToken(
    hash: string,
  ): Promise<{ readonly credential: Credential; readonly subject: Subject } | undefined>;
  /** Notes a use and, for a refresh token, moves its idle expiry. Gathered, not written at once. */
  touch(credentialId: number, usedAt: number, expiresAt: number | undefined): Promise<void>;
  /** Every refresh token of a subject; how many there were. @throws StorageError `not-found` */
  revokeRefreshTokens(name: string, actor: string): Promise<number>;
}
