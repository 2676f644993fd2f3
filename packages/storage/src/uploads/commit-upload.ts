// The end of an upload. The order is the promise of this package: compare the digest, make the bytes
// durable under their final name, and only then, in one transaction, let rows say that they are there.
import { Digest, DomainError } from '@portolan/oci';
import type { StoredBlob } from '../blobs/stored-blob.ts';
import { linkBlob } from '../blobs/link-blob.ts';
import type { Reader, Writer } from '../database/transaction.ts';
import { storageError } from '../errors.ts';
import type { BlobFiles } from '../files/blob-files.ts';
import { ensureRepository } from '../repositories/ensure-repository.ts';
import type { WriteRight } from '../repositories/write-right.ts';
import type { StoreDeps } from '../store-deps.ts';
import { openClaimed, settleOffset } from './append-bytes.ts';
import { hashPrefix } from './running-hashes.ts';
import { type UploadClaim, uploadUnknown } from './upload-claims.ts';
import { toUpload } from './upload-rows.ts';

export interface CommitDeps extends StoreDeps {
  readonly files: BlobFiles;
}

/** Compares the digest and syncs the bytes; returns how many there are. */
async function seal(deps: CommitDeps, claim: UploadClaim, digest: Digest): Promise<number> {
  const { row } = claim;
  const file = await openClaimed(deps.files, claim);
  try {
    const offset = await settleOffset(file, row.offset);
    const algorithm = Digest.algorithm(digest);
    const isKnown = algorithm === row.algorithm && offset === row.offset;
    const hex = isKnown
      ? row.digest_so_far
      : (await hashPrefix(file, claim, algorithm, offset)).hash.digest('hex');
    if (hex !== Digest.hex(digest)) {
      throw storageError('digest-mismatch', 'the content has another digest', {
        expected: digest,
        received: Digest.of(algorithm, hex),
        hint: 'begin a new upload',
      });
    }
    await claim.hold(file.sync());
    return offset;
  } finally {
    await file.close();
  }
}

/** The file of an existing row that is lost or damaged; this upload then repairs the blob. */
async function findDamagedFile(
  reader: Reader,
  files: BlobFiles,
  digest: Digest,
): Promise<string | undefined> {
  const row = await reader
    .selectFrom('blob')
    .select(['file', 'size'])
    .where('digest', '=', digest)
    .executeTakeFirst();
  return row === undefined || files.sizeOf(row.file) === row.size ? undefined : row.file;
}

/** The row of the blob: the one that is there already, or a new one that names our file. */
async function ensureBlob(
  tx: Writer,
  ours: StoredBlob,
  damagedFile: string | undefined,
  now: number,
): Promise<{ readonly id: number; readonly file: string }> {
  const { digest, size, file } = ours;
  const known = await tx
    .selectFrom('blob')
    .select(['id', 'file'])
    .where('digest', '=', digest)
    .executeTakeFirst();
  if (known === undefined) {
    return tx
      .insertInto('blob')
      .values({ digest, size, file, created_at: now })
      .returning(['id', 'file'])
      .executeTakeFirstOrThrow();
  }
  if (known.file !== damagedFile) return known;
  await tx.updateTable('blob').set({ file }).where('id', '=', known.id).execute();
  return { id: known.id, file };
}

async function recordBlob(
  deps: CommitDeps,
  { row, writer }: UploadClaim,
  ours: StoredBlob,
  right: WriteRight | undefined,
): Promise<StoredBlob> {
  const { database, clock, files, times } = deps;
  const damagedFile = await findDamagedFile(database.read, files, ours.digest);
  const file = await database.write(async (tx) => {
    const now = clock();
    const { numDeletedRows } = await tx
      .deleteFrom('upload')
      .where('id', '=', row.id)
      .where('writer', '=', writer)
      .executeTakeFirst();
    if (numDeletedRows === 0n) throw uploadUnknown();
    const repositoryId = await ensureRepository(tx, toUpload(row).repository, now, right);
    const blob = await ensureBlob(tx, ours, damagedFile, now);
    const leaseUntil = now + times.leaseMs;
    await linkBlob(tx, { repositoryId, blobId: blob.id, digest: ours.digest, leaseUntil });
    return blob.file;
  });
  // Nobody waits for what the sweep would remove anyway.
  const unused = file === ours.file ? damagedFile : ours.file;
  if (unused !== undefined) await files.remove('blobs', unused).catch(() => undefined);
  return { ...ours, file };
}

/**
 * Makes a claimed session a blob. When it throws, the session may still be there, claimed.
 * @throws StorageError as `UploadStore.commit`
 */
export async function commitUpload(
  deps: CommitDeps,
  claim: UploadClaim,
  { digest, right }: { readonly digest: Digest; readonly right: WriteRight | undefined },
): Promise<StoredBlob> {
  const size = await seal(deps, claim, digest);
  const file = await deps.files.adopt(claim.row.file, digest);
  try {
    return await recordBlob(deps, claim, { digest, size, file }, right);
  } catch (error) {
    // After any other error of the database the commit may yet turn out to be on the disk, and then
    // a row names the file; if none does, the sweep takes it.
    if (error instanceof DomainError) await deps.files.remove('blobs', file);
    throw error;
  }
}
