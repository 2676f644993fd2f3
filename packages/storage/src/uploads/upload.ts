// Upload sessions and what is asked of them.
import type { DigestAlgorithm, RepositoryName } from '@portolan/oci';

export interface Upload {
  /** 128 random bits as 32 hex digits; worth nothing without the repository and the subject. */
  readonly id: string;
  readonly repository: RepositoryName;
  /** `sub` of the token that began it; '' is anonymous. */
  readonly subject: string;
  readonly algorithm: DigestAlgorithm;
  /** Bytes received so far. */
  readonly offset: number;
  readonly createdAt: number;
}

export interface BeginUpload {
  readonly repository: RepositoryName;
  readonly subject: string;
  /** The algorithm to hash with while the bytes come in; a hint, another one costs a second read. */
  readonly algorithm?: DigestAlgorithm;
}

export interface AppendBody {
  readonly bytes: AsyncIterable<Uint8Array>;
  /** Where the client says the chunk starts; undefined appends at the current offset. */
  readonly start?: number;
  /** Bytes announced (Content-Length or Content-Range); undefined when the client streams. */
  readonly length?: number;
}
