import type { Digest, MediaType } from '@portolan/oci';

export interface StoredManifest {
  readonly digest: Digest;
  readonly mediaType: MediaType;
  readonly body: Buffer;
}
