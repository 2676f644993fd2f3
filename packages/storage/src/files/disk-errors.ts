// What the operating system says, in the domain's words.
import { type StorageError, storageError } from '../errors.ts';

export function asDiskError(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return storageError('disk-full', 'the disk is full', {}, error);
  }
  return error;
}

export function fileMissing(file: string, cause?: unknown): StorageError {
  return storageError('blob-file-missing', 'the bytes of the blob are missing', { file }, cause);
}
