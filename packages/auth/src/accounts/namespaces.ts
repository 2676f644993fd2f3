// Namespaces. '' is the global one.
import type { Namespace, NamespaceSettings } from '@portolan/storage';
import type { AccountDeps } from './account-deps.ts';
import { accountError } from './account-error.ts';
import { checkName } from './name-rules.ts';
import { parseVisibility } from './visibility-rules.ts';

export interface NewNamespaceRequest {
  readonly name: string;
  /** Without one, only administrators have rights on it. */
  readonly team?: string | undefined;
  /** Private unless said otherwise. */
  readonly visibility?: string | undefined;
}

export interface NamespaceChanges {
  readonly visibility?: string | undefined;
  readonly team?: string | undefined;
  readonly allowsSparseIndexes?: boolean | undefined;
  /** False makes a mirror an ordinary namespace. */
  readonly isMirror?: false | undefined;
}

/**
 * @throws AccountError `account-name-invalid`, `visibility-invalid`; StorageError `name-taken`,
 *   `not-found` (the team)
 */
export async function createNamespace(
  deps: AccountDeps,
  request: NewNamespaceRequest,
): Promise<Namespace> {
  const { name, team, visibility } = request;
  checkName('namespace', name);
  return await deps.access.namespaces.create(
    {
      name,
      ...(team === undefined ? {} : { team }),
      ...(visibility === undefined ? {} : { visibility: parseVisibility(name, visibility) }),
    },
    deps.actor,
  );
}

/**
 * All of the changes in one transaction.
 * @throws AccountError `nothing-to-change`, `visibility-invalid`; StorageError `not-found`,
 *   `still-in-use` (a namespace that cannot go to a team, a mirror that rules write to)
 */
export async function updateNamespace(
  deps: AccountDeps,
  name: string,
  changes: NamespaceChanges,
): Promise<void> {
  const { visibility, team, allowsSparseIndexes, isMirror } = changes;
  const settings: NamespaceSettings = {
    ...(visibility === undefined ? {} : { visibility: parseVisibility(name, visibility) }),
    ...(team === undefined ? {} : { team }),
    ...(allowsSparseIndexes === undefined ? {} : { allowsSparseIndexes }),
    ...(isMirror === undefined ? {} : { isMirror }),
  };
  if (Object.keys(settings).length === 0) {
    const hint = 'name at least one of visibility, team, sparse indexes and mirror';
    throw accountError('nothing-to-change', 'nothing was asked to be changed', { hint });
  }
  await deps.access.namespaces.set(name, settings, deps.actor);
}
