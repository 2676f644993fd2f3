// What the token service can refuse, in its own words. http/wire-errors.ts gives each a status.
import { DomainError } from '@portolan/oci';

export type AuthErrorCode =
  | 'credentials-missing'
  | 'credentials-invalid'
  | 'refresh-token-invalid'
  | 'request-invalid'
  | 'request-too-large'
  | 'grant-type-unsupported'
  | 'service-unknown'
  | 'too-many-failures'
  | 'too-busy'
  | 'not-ready'
  | 'page-unknown'
  | 'method-unsupported'
  | 'signing-key-missing'
  | 'signing-key-exposed';

export type AuthError = DomainError<AuthErrorCode>;

export function authError(
  code: AuthErrorCode,
  message: string,
  detail: Readonly<Record<string, unknown>> = {},
  cause?: unknown,
): AuthError {
  return new DomainError<AuthErrorCode>(code, message, detail, { cause });
}
