// Names of users, teams and namespaces: one path part of a repository name, so that each of them can
// stand in a URL, and a user's or namespace's in front of a repository.
import { isNamespaceName } from '@portolan/oci';
import { accountError } from './account-error.ts';

export type AccountKind = 'user' | 'team' | 'namespace';

/** @throws AccountError `account-name-invalid` */
export function checkName(kind: AccountKind, name: string): void {
  if (isNamespaceName(name)) return;
  throw accountError('account-name-invalid', `this cannot be the name of a ${kind}`, {
    kind,
    name: name.slice(0, 200),
    hint: "use 1 to 100 lower-case letters and digits, joined by '.', '_', '__' or '-'",
  });
}
