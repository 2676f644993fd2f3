// Bytes of one request into a claimed session: through the running hash and to the disk at once.
// What had arrived when the client broke off is kept; what does not fit its announcement is not.
import type { Hash } from 'node:crypto';
import { isStorageError, storageError } from '../errors.ts';
import type { BlobFiles, UploadFile } from '../files/blob-files.ts';
import { hashPrefix, type RunningHash, type RunningHashes } from './running-hashes.ts';
import type { UploadClaim, UploadProgress } from './upload-claims.ts';
import type { AppendBody } from './upload-store.ts';

export interface AppendDeps {
  readonly files: BlobFiles;
  readonly hashes: RunningHashes;
  readonly diskFloorBytes: number;
}

interface Received {
  readonly bytes: number;
  /** The client broke off. */
  readonly broken?: { readonly error: unknown };
}

/** A session whose file cannot be opened now is none the worse for it. */
export async function openClaimed(files: BlobFiles, claim: UploadClaim): Promise<UploadFile> {
  try {
    return await files.openUpload(claim.row.file);
  } catch (error) {
    await claim.release();
    throw error;
  }
}

/** Where the session really is: a crash may have lost bytes or the row's last offset. */
export async function settleOffset(file: UploadFile, recorded: number): Promise<number> {
  const offset = Math.min(file.size, recorded);
  if (file.size > offset) await file.truncate(offset);
  return offset;
}

function checkStart(body: AppendBody, offset: number): void {
  if (body.start === undefined || body.start === offset) return;
  throw storageError('upload-offset-mismatch', 'the chunk does not start where the upload ends', {
    offset,
    hint: `go on from byte ${offset}`,
  });
}

function checkSpace(deps: AppendDeps, length: number | undefined): void {
  if (length === undefined || length === 0) return;
  if (deps.files.freeBytes() - length >= deps.diskFloorBytes) return;
  throw storageError('disk-full', 'not enough space for this upload', { length });
}

function sizeMismatch(announced: number): Error {
  return storageError('size-mismatch', 'the body has not the size that was announced', {
    announced,
  });
}

/** Copies the body into file and hash. The body is left where it stands when that fails. */
async function receive(
  body: AppendBody,
  claim: UploadClaim,
  file: UploadFile,
  hash: Hash,
): Promise<Received> {
  let bytes = 0;
  // No `for await`: on an error it would destroy the request, and with it the answer's way out.
  const chunks = body.bytes[Symbol.asyncIterator]();
  for (;;) {
    let next: IteratorResult<Uint8Array>;
    try {
      next = await chunks.next();
    } catch (error) {
      return { bytes, broken: { error } };
    }
    if (next.done === true) break;
    bytes += next.value.length;
    if (body.length !== undefined && bytes > body.length) throw sizeMismatch(body.length);
    const renewal = claim.renewIfDue();
    if (renewal !== undefined) await renewal;
    hash.update(next.value);
    await file.append(next.value);
  }
  if (body.length !== undefined && bytes !== body.length) throw sizeMismatch(body.length);
  return { bytes };
}

function progressOf({ offset, hash }: RunningHash): UploadProgress {
  return { offset, digestSoFar: hash.copy().digest('hex') };
}

async function takeBytes(
  deps: AppendDeps,
  claim: UploadClaim,
  file: UploadFile,
  body: AppendBody,
): Promise<number> {
  const { id, algorithm, offset: recorded } = claim.row;
  const offset = await settleOffset(file, recorded);
  let running = deps.hashes.take(id, algorithm, offset);
  // Bytes were lost: what the row says of them has to go, whether or not this request is good.
  if (offset < recorded) running = await hashPrefix(file, claim, algorithm, offset);
  // On a full disk the session ends, and what it holds there goes with it.
  checkSpace(deps, body.length);
  try {
    checkStart(body, offset);
  } catch (error) {
    if (running !== undefined) deps.hashes.keep(id, running);
    await claim.release(running && progressOf(running));
    throw error;
  }
  running ??= await hashPrefix(file, claim, algorithm, offset);
  const before: RunningHash = { ...running, hash: running.hash.copy() };
  try {
    const { bytes, broken } = await receive(body, claim, file, running.hash);
    await file.flush();
    const after: RunningHash = { ...running, offset: offset + bytes };
    await claim.release(progressOf(after));
    deps.hashes.keep(id, after);
    if (broken !== undefined) throw broken.error;
    return after.offset;
  } catch (error) {
    if (isStorageError(error, 'size-mismatch')) {
      // As it was before; the bytes behind the offset are cut off when the file is opened next.
      await claim.release(progressOf(before));
      deps.hashes.keep(id, before);
    }
    throw error;
  }
}

/**
 * Takes the body and lets go of the claim; returns the new offset. A disk that fails meanwhile leaves
 * the claim held: the session cannot be trusted any more.
 * @throws StorageError as `UploadStore.append`
 */
export async function appendBytes(
  deps: AppendDeps,
  claim: UploadClaim,
  body: AppendBody,
): Promise<number> {
  const file = await openClaimed(deps.files, claim);
  try {
    return await takeBytes(deps, claim, file, body);
  } finally {
    await file.close();
  }
}
