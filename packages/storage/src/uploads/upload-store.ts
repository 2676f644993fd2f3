// Upload sessions: rows, so that any worker may go on with one (distribution-spec "Pushing blobs").
import type { Digest, DigestAlgorithm, RepositoryName } from '@portolan/oci';
import type { StoredBlob } from '../blobs/blob-store.ts';

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

export interface UploadStore {
  begin(request: BeginUpload): Promise<Upload>;
  /** Undefined also when the id belongs to another repository or another subject (Quay CVE-2026-32589). */
  find(repository: RepositoryName, subject: string, id: string): Promise<Upload | undefined>;
  /**
   * Takes bytes to disk and through the running hash. What had arrived when the client broke off is
   * kept, and the session lives on.
   * @throws StorageError `upload-unknown`, `upload-offset-mismatch` (session survives),
   *   `size-mismatch`, `upload-busy` (another request is writing), `disk-full`
   */
  append(upload: Upload, body: AppendBody): Promise<Upload>;
  /**
   * Closes the session as a durable blob that is linked to the repository.
   * @throws StorageError `digest-mismatch` (the session is gone), `upload-unknown`, `upload-busy`, `disk-full`
   */
  commit(upload: Upload, digest: Digest): Promise<StoredBlob>;
  cancel(upload: Upload): Promise<void>;
}
