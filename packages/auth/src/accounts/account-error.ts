// What the rules on accounts refuse. What the stores refuse (`name-taken`, `not-found`, `last-owner`
// and the like) passes through unchanged.
import { DomainError } from '@portolan/oci';

export type AccountErrorCode =
  | 'account-name-invalid'
  | 'description-invalid'
  | 'password-refused'
  | 'role-invalid'
  | 'visibility-invalid'
  | 'nothing-to-change';

export type AccountError = DomainError<AccountErrorCode>;

export function accountError(
  code: AccountErrorCode,
  message: string,
  detail: Readonly<Record<string, unknown>> = {},
): AccountError {
  return new DomainError<AccountErrorCode>(code, message, detail);
}
