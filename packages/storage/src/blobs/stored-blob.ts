// A blob as a repository has it.
import type { Digest, RepositoryName } from '@portolan/oci';
import type { WriteRight } from '../repositories/write-right.ts';

export interface StoredBlob {
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  /** Path below `blobs/`. */
  readonly file: string;
}

export interface MountRequest {
  readonly to: RepositoryName;
  readonly digest: Digest;
  /** Repositories that the caller may pull from. The mount succeeds if one of them has the blob. */
  readonly sources: readonly RepositoryName[];
  readonly right?: WriteRight | undefined;
}
