// Blobs as a repository sees them: always through its link row, never through the global tree, so
// that deduplication cannot leak one repository's content to another (distribution CVE-2026-35172).
import type { Digest, RepositoryName } from '@portolan/oci';
import type { Readable } from 'node:stream';

export interface StoredBlob {
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  /** Path below `blobs/`. */
  readonly file: string;
}

/** Inclusive, as in RFC 9110 §14.1.2; within the blob. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export interface MountRequest {
  readonly to: RepositoryName;
  readonly digest: Digest;
  /** Repositories that the caller may pull from. The mount succeeds if one of them has the blob. */
  readonly sources: readonly RepositoryName[];
}

export interface BlobStore {
  find(repository: RepositoryName, digest: Digest): Promise<StoredBlob | undefined>;
  /**
   * As `find`, for a caller who may push: also makes sure that the link holds for a while, since the
   * client will now skip the upload and name the blob in a manifest (reference §4.5).
   */
  findForPush(repository: RepositoryName, digest: Digest): Promise<StoredBlob | undefined>;
  /**
   * The bytes, or the given part of them. The file is open when the promise resolves, so a missing
   * one is an error before any header is sent. Small blobs come as a Buffer.
   * @throws StorageError `blob-file-missing`
   */
  read(blob: StoredBlob, range?: ByteRange): Promise<Buffer | Readable>;
  /** Links a blob of another repository; undefined when no source has it. */
  mount(request: MountRequest): Promise<StoredBlob | undefined>;
  /** Takes the blob out of this repository. False when it was not there. */
  delete(repository: RepositoryName, digest: Digest, actor: string): Promise<boolean>;
}
