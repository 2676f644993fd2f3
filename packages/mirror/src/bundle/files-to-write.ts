// The files that a blob will take on the stick, as plan and export see them.
import type { Digest } from '@portolan/oci';
import { mirrorError } from '../errors.ts';
import { type BlobFile, blobFiles, countParts, mayBeSplit } from './layout.ts';

/** @throws MirrorError `request-invalid` for more parts than a blob may have */
export function filesToWrite(
  { digest, size }: { readonly digest: Digest; readonly size: number },
  maxFileSize: number,
): readonly BlobFile[] {
  if (mayBeSplit(countParts(size, maxFileSize))) return blobFiles({ digest, size }, maxFileSize);
  throw mirrorError('request-invalid', 'a blob would have too many parts', {
    digest,
    size,
    maxFileSize,
    hint: 'raise --max-file-size',
  });
}
