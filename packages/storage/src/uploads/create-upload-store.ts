// The upload store: each method is one claim on a session, and what becomes of it.
import type { Digest, RepositoryName } from '@portolan/oci';
import { createHash } from 'node:crypto';
import type { StoredBlob } from '../blobs/blob-store.ts';
import { storageError } from '../errors.ts';
import type { BlobFiles } from '../files/blob-files.ts';
import type { StoreDeps } from '../store-deps.ts';
import { appendBytes } from './append-bytes.ts';
import { commitUpload } from './commit-upload.ts';
import { createRunningHashes } from './running-hashes.ts';
import { createUploadClaims, type UploadClaim, type UploadRow, uploadUnknown } from './upload-claims.ts';
import { discardUpload, toUpload } from './upload-rows.ts';
import type { AppendBody, BeginUpload, Upload, UploadStore } from './upload-store.ts';

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

  async function begin({ repository, subject, algorithm = 'sha256' }: BeginUpload): Promise<Upload> {
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

  async function commit(upload: Upload, digest: Digest): Promise<StoredBlob> {
    const claim = await claims.claim(upload);
    hashes.drop(upload.id);
    return endingOnFailure(claim, () => commitUpload(deps, claim, digest));
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
