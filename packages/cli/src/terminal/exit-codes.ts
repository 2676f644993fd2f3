// Exit codes are part of the interface: scripts branch on them (docs/command-line.md).
import type { AccountErrorCode } from '@portolan/auth';
import type { MirrorErrorCode } from '@portolan/mirror';
import type { ParseErrorCode } from '@portolan/oci';
import type { StorageErrorCode } from '@portolan/storage';
import type { TlsErrorCode } from '@portolan/tls';

export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  authentication: 4,
  /** The same number: what was to be proven was not. */
  verification: 4,
  forbidden: 5,
  conflict: 6,
  unavailable: 8,
  /** EX_TEMPFAIL: an upstream's limit was reached, go on later. */
  limited: 75,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Does not compile while a code of the domain is missing. */
const OF_CODE = {
  'repository-unknown': EXIT.notFound,
  'blob-unknown': EXIT.notFound,
  'blob-file-missing': EXIT.failed,
  'manifest-unknown': EXIT.notFound,
  'manifest-reference-unknown': EXIT.conflict,
  'digest-mismatch': EXIT.failed,
  'size-mismatch': EXIT.failed,
  'precondition-failed': EXIT.conflict,
  'upload-unknown': EXIT.notFound,
  'upload-offset-mismatch': EXIT.conflict,
  'upload-busy': EXIT.unavailable,
  'disk-full': EXIT.unavailable,
  'store-read-only': EXIT.unavailable,
  'database-busy': EXIT.unavailable,
  'database-newer': EXIT.conflict,
  'name-taken': EXIT.conflict,
  'not-found': EXIT.notFound,
  'still-in-use': EXIT.conflict,
  'last-owner': EXIT.conflict,
  'last-administrator': EXIT.conflict,
  'mirror-only': EXIT.forbidden,
  'access-withdrawn': EXIT.forbidden,
  'name-invalid': EXIT.usage,
  'tag-invalid': EXIT.usage,
  'digest-invalid': EXIT.usage,
  'digest-unsupported': EXIT.usage,
  'media-type-invalid': EXIT.usage,
  'manifest-invalid': EXIT.usage,
  'manifest-too-complex': EXIT.usage,
  'account-name-invalid': EXIT.usage,
  'description-invalid': EXIT.usage,
  'password-refused': EXIT.usage,
  'password-unreadable': EXIT.usage,
  'role-invalid': EXIT.usage,
  'visibility-invalid': EXIT.usage,
  'nothing-to-change': EXIT.usage,
  'request-invalid': EXIT.usage,
  'upstream-absent': EXIT.notFound,
  'upstream-denied': EXIT.forbidden,
  'upstream-limited': EXIT.limited,
  'upstream-unavailable': EXIT.unavailable,
  'upstream-untrusted': EXIT.unavailable,
  'upstream-unexpected': EXIT.failed,
  'upstream-corrupt': EXIT.verification,
  'egress-refused': EXIT.forbidden,
  'place-incomplete': EXIT.verification,
  'bundle-invalid': EXIT.verification,
  'bundle-outdated': EXIT.conflict,
  'space-short': EXIT.unavailable,
  'secret-unreadable': EXIT.failed,
  'certificate-name-invalid': EXIT.usage,
  'authority-unknown': EXIT.notFound,
  'authority-exists': EXIT.conflict,
  'authority-invalid': EXIT.failed,
  'name-refused': EXIT.forbidden,
  'certificate-unknown': EXIT.notFound,
  'certificate-exists': EXIT.conflict,
  'certificate-invalid': EXIT.verification,
  'acme-denied': EXIT.forbidden,
  'acme-limited': EXIT.limited,
  'acme-unavailable': EXIT.unavailable,
} as const satisfies Record<
  | StorageErrorCode
  | ParseErrorCode
  | AccountErrorCode
  | MirrorErrorCode
  | TlsErrorCode
  | 'password-unreadable',
  ExitCode
>;

export function exitCodeOf(code: string): ExitCode {
  return (OF_CODE as Readonly<Record<string, ExitCode>>)[code] ?? EXIT.failed;
}
