import type { AccessStores } from '@portolan/storage';
import type { PasswordHasher } from '../identity/password-hasher.ts';

/** What the functions of this folder work with, for one actor. */
export interface AccountDeps {
  readonly access: Pick<AccessStores, 'subjects' | 'credentials' | 'teams' | 'namespaces'>;
  readonly hasher: Pick<PasswordHasher, 'hash'>;
  /** 128 random bits as 32 hex digits. */
  readonly randomId: () => string;
  /** Who does it, for the audit log. */
  readonly actor: string;
}
