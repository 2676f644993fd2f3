// What a manifest PUT asks for.
import type { Digest, Manifest, Reference, RepositoryName, Tag } from '@portolan/oci';
import type { WriteRight } from '../repositories/write-right.ts';

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
  readonly right?: WriteRight | undefined;
  readonly ifMatch?: IfMatch;
}
