// What this package can refuse to do, in the domain's words. The apps map each code to the wire in
// a table that does not compile while a code is missing.
import { DomainError } from '@portolan/oci';

export type StorageErrorCode =
  | 'repository-unknown'
  | 'blob-unknown'
  | 'blob-file-missing'
  | 'manifest-unknown'
  | 'manifest-reference-unknown'
  | 'digest-mismatch'
  | 'size-mismatch'
  | 'precondition-failed'
  | 'upload-unknown'
  | 'upload-offset-mismatch'
  | 'upload-busy'
  | 'disk-full'
  | 'store-read-only'
  | 'database-busy'
  | 'database-newer'
  | 'name-taken'
  | 'not-found'
  | 'still-in-use'
  | 'last-owner'
  | 'last-administrator'
  | 'mirror-only'
  | 'access-withdrawn';

export type StorageError = DomainError<StorageErrorCode>;

export function storageError(
  code: StorageErrorCode,
  message: string,
  detail: Readonly<Record<string, unknown>> = {},
  cause?: unknown,
): StorageError {
  return new DomainError<StorageErrorCode>(code, message, detail, { cause });
}

export function isStorageError(error: unknown, code: StorageErrorCode): error is StorageError {
  return error instanceof DomainError && error.code === code;
}
