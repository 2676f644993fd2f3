// Users: made and changed by administrators.
import type { Subject } from '@portolan/storage';
import type { AccountDeps } from './account-deps.ts';
import { accountError } from './account-error.ts';
import { generatePassword } from './generated-password.ts';
import { checkName } from './name-rules.ts';
import { checkPassword } from './password-rules.ts';

/** A password that somebody chose, or one that we make and show once. */
export type PasswordChoice =
  | { readonly kind: 'given'; readonly password: string }
  | { readonly kind: 'generated' };

export interface NewUserRequest {
  readonly name: string;
  readonly isAdmin: boolean;
  readonly password: PasswordChoice;
}

export interface UserChanges {
  readonly isAdmin?: boolean;
  readonly isDisabled?: boolean;
  readonly password?: PasswordChoice;
}

export interface CreatedUser {
  readonly user: Subject;
  /** Stored nowhere, to be shown once. Undefined when the password was given. */
  readonly generatedPassword: string | undefined;
}

/** @throws AccountError `password-refused` */
function decidePassword(deps: AccountDeps, name: string, choice: PasswordChoice): string {
  if (choice.kind === 'generated') return generatePassword(deps.randomId);
  checkPassword(name, choice.password);
  return choice.password;
}

/** Only what we made is shown; who gave a password knows it. */
function passwordToShow(
  choice: PasswordChoice | undefined,
  password: string | undefined,
): string | undefined {
  return choice?.kind === 'generated' ? password : undefined;
}

/**
 * The user and the personal namespace of the same name.
 * @throws AccountError `account-name-invalid`, `password-refused`; StorageError `name-taken`
 */
export async function createUser(deps: AccountDeps, request: NewUserRequest): Promise<CreatedUser> {
  const { name, isAdmin } = request;
  checkName('user', name);
  const password = decidePassword(deps, name, request.password);
  const passwordHash = await deps.hasher.hash(password);
  const user = await deps.access.subjects.createUser({ name, isAdmin, passwordHash }, deps.actor);
  return { user, generatedPassword: passwordToShow(request.password, password) };
}

/**
 * Each change is a transaction of its own; a refusal leaves all of them undone.
 * Returns the password when it was generated.
 * @throws AccountError `nothing-to-change`, `password-refused`; StorageError `not-found`,
 *   `last-administrator`
 */
export async function updateUser(
  deps: AccountDeps,
  name: string,
  changes: UserChanges,
): Promise<string | undefined> {
  const { subjects, credentials } = deps.access;
  const { isAdmin, isDisabled } = changes;
  if (isAdmin === undefined && isDisabled === undefined && changes.password === undefined) {
    const hint = 'name at least one of administrator, disabled and password';
    throw accountError('nothing-to-change', 'nothing was asked to be changed', { hint });
  }
  const password = changes.password && decidePassword(deps, name, changes.password);
  // Before any change: hashing may be refused, too.
  const passwordHash = password === undefined ? undefined : await deps.hasher.hash(password);
  // In this order only the first change can be refused, so that none is left half done: who is
  // disabled, or not an administrator, cannot be the last one.
  if (isDisabled === true) await subjects.setDisabled(name, true, deps.actor);
  if (isAdmin !== undefined) await subjects.setAdmin(name, isAdmin, deps.actor);
  if (isDisabled === false) await subjects.setDisabled(name, false, deps.actor);
  if (passwordHash !== undefined) {
    await credentials.setPassword(name, passwordHash, deps.actor);
  }
  return passwordToShow(changes.password, password);
}
