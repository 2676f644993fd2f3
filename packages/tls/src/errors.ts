// What can go wrong with certificates, in words that a person can act on.
import { DomainError } from '@portolan/oci';

export type TlsErrorCode =
  /** Neither a DNS name, a wildcard of one label, nor an IP address. */
  | 'certificate-name-invalid'
  /** What was asked for makes no sense: no name at all, too many days. */
  | 'request-invalid'
  /** There is no authority here yet. */
  | 'authority-unknown'
  | 'authority-exists'
  /** Its files are damaged, or others can read its key. */
  | 'authority-invalid'
  /** The authority may not issue for this name. */
  | 'name-refused'
  | 'certificate-unknown'
  /** A file of that name is there, and not one that we may replace. */
  | 'certificate-exists'
  /** Certificate, key and chain that do not belong together, or do not hold now. */
  | 'certificate-invalid'
  /** The ACME server refuses, or could not verify that a name is ours. */
  | 'acme-denied'
  /** detail.retryAt in milliseconds when known. */
  | 'acme-limited'
  | 'acme-unavailable';

export type TlsError = DomainError<TlsErrorCode>;

export function tlsError(
  code: TlsErrorCode,
  message: string,
  detail: Readonly<Record<string, unknown>> = {},
  cause?: unknown,
): TlsError {
  return new DomainError<TlsErrorCode>(code, message, detail, { cause });
}
