// Upload sessions: rows, so that any worker may go on with one (distribution-spec "Pushing blobs").
import type { Upload, BeginUpload, AppendBody } from './upload.ts';
import type { Digest, RepositoryName } from '@portolan/oci';
import { createHash } from 'node:crypto';
import type { StoredBlob } from '../blobs/stored-blob.ts';
import { storageError } from '../errors.ts';
import type { BlobFiles } from '../files/blob-files.ts';
import type { WriteRight } from '../repositories/write-right.ts';
import type { StoreDeps } from '../store-deps.ts';
import { appendBytes } from './append-bytes.ts';
import { commitUpload } from './commit-upload.ts';
import { discardUpload } from './discard-upload.ts';
import { createRunningHashes } from './running-hashes.ts';
import { createUploadClaims, type UploadClaim, uploadUnknown } from './upload-claims.ts';
import { toUpload, type UploadRow } from './upload-rows.ts';

export interface UploadStore {
  begin(request: BeginUpload): Promise<Upload>;
  /** Undefined also when the id belongs to another repository or another subject (Quay CVE-2026-32589). */
  find(repository: RepositoryName, subject: string, id: string): Promise<Upload | undefined>;
  /**
   * Takes bytes to disk and through the running hash. What had arrived when the client broke off is
   * kept, and the session lives on.
   * @throws StorageError `upload-unknown`, `upload-offset-mismatch` (session survives),
   *   `size-mismatch`, `upload-busy` (another request is writing), `disk-full` (the session is gone)
   */
  append(upload: Upload, body: AppendBody): Promise<Upload>;
  /**
   * Closes the session as a durable blob that is linked to the repository.
   * @throws StorageError `digest-mismatch`, `access-withdrawn` and `mirror-only` (the session is gone),
   *   `upload-unknown`, `upload-busy`, `disk-full`
   */
  commit(upload: Upload, digest: Digest, right?: WriteRight): Promise<StoredBlob>;
  cancel(upload: Upload): Promise<void>;
}

export interface UploadStoreDeps extends StoreDeps {
  readonly files: BlobFiles;
  readonly diskFloorBytes: number;
}

export function createUploadStore(deps: UploadStoreDeps): UploadStore {
  const { database, files, clock, randomId, diskFloorBytes } = deps;
  const claims = createUploadClaims({ database, clock, randomId });
  const hashes = createRunningHashes();

  /** Whoever still holds the claim after a failure has a session that nobody can go on with. */
  async function endingOnFailure<T>(claim: UploadClaim, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      await discardUpload({ database, files }, claim).catch(() => undefined);
      throw error;
    }
  }

  async function begin({
    repository,
    subject,
    algorithm = 'sha256',
  }: BeginUpload): Promise<Upload> {
    if (files.freeBytes() < diskFloorBytes) {
      throw storageError('disk-full', 'not enough space for an upload');
    }
    const now = clock();
    const row: UploadRow = {
      id: randomId(),
      repository,
      subject,
      algorithm,
      file: randomId(),
      offset: 0,
      digest_so_far: createHash(algorithm).digest('hex'),
      writer: null,
      writer_until: 0,
      created_at: now,
      updated_at: now,
    };
    await database.write((tx) => tx.insertInto('upload').values(row).execute(), 'soft');
    return toUpload(row);
  }

  async function find(
    repository: RepositoryName,
    subject: string,
    id: string,
  ): Promise<Upload | undefined> {
    const row = await database.read
      .selectFrom('upload')
      .selectAll()
      .where('id', '=', id)
      .where('repository', '=', repository)
      .where('subject', '=', subject)
      .executeTakeFirst();
    return row && toUpload(row);
  }

  async function append(upload: Upload, body: AppendBody): Promise<Upload> {
    const claim = await claims.claim(upload);
    const offset = await endingOnFailure(claim, () =>
      appendBytes({ files, hashes, diskFloorBytes }, claim, body),
    );
    return { ...toUpload(claim.row), offset };
  }

  async function commit(upload: Upload, digest: Digest, right?: WriteRight): Promise<StoredBlob> {
    const claim = await claims.claim(upload);
    hashes.drop(upload.id);
    return endingOnFailure(claim, () => commitUpload(deps, claim, { digest, right }));
  }

  async function cancel({ id, repository, subject }: Upload): Promise<void> {
    const row = await database.write(
      (tx) =>
        tx
          .deleteFrom('upload')
          .where('id', '=', id)
          .where('repository', '=', repository)
          .where('subject', '=', subject)
          .returning('file')
          .executeTakeFirst(),
      'soft',
    );
    if (row === undefined) throw uploadUnknown();
    hashes.drop(id);
    await files.remove('uploads', row.file);
  }

  return { begin, find, append, commit, cancel };
}
