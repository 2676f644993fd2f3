// Manifests: their exact bytes and what they point at, in the database (reference §8.2).
import type { Digest, Manifest, MediaType, Reference, RepositoryName, Tag } from '@portolan/oci';

export interface StoredManifest {
  readonly digest: Digest;
  readonly mediaType: MediaType;
  readonly body: Buffer;
}

/** RFC 9110 §13.1.1: the PUT goes ahead only if `reference` is now one of `digests`. */
export interface IfMatch {
  readonly reference: Reference;
  /** '*' is any. */
  readonly digests: readonly string[] | '*';
}

export interface PutManifest {
  readonly repository: RepositoryName;
  readonly digest: Digest;
  readonly manifest: Manifest;
  readonly body: Buffer;
  /** Tags that shall point at it from now on; none for a push by digest. */
  readonly tags: readonly Tag[];
  /** Who, for the tag history. */
  readonly actor: string;
  readonly ifMatch?: IfMatch;
}

export interface ManifestStore {
  find(repository: RepositoryName, digest: Digest): Promise<StoredManifest | undefined>;
  /**
   * One transaction: every required reference is there and linked, then the manifest, its references
   * and its tags. Makes the repository if it is new.
   * @throws StorageError `manifest-reference-unknown` (detail.digests), `precondition-failed`
   */
  put(request: PutManifest): Promise<void>;
  /** Removes the manifest and every tag that points at it. False when it was not there. */
  delete(repository: RepositoryName, digest: Digest, actor: string): Promise<boolean>;
}
