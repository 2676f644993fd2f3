// Bytes of one request into a claimed session: through the running hash and to the disk at once.
// What had arrived when the client broke off is kept; what does not fit its announcement is not.
import type { Hash } from 'node:crypto';
import { isStorageError, storageError } from '../errors.ts';
import type { BlobFiles, UploadFile } from '../files/blob-files.ts';
import { hashPrefix, type RunningHash, type RunningHashes } from './running-hashes.ts';
import type { UploadClaim, UploadProgress } from './upload-claims.ts';
import type { AppendBody } from './upload.ts';

export interface AppendDeps {
  readonly files: BlobFiles;
  readonly hashes: RunningHashes;
  readonly diskFloorBytes: number;
}

const SPACE_CHECK_BYTES = 16 * 1024 * 1024;

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

/** Whether so many bytes more leave the floor free. */
function checkSpace({ files, diskFloorBytes }: AppendDeps, length: number): void {
  if (files.freeBytes() - length >= diskFloorBytes) return;
  throw storageError('disk-full', 'not enough space for this upload', { length });
}

/**
 * Looks again while bytes come in: docker announces no length, and of several uploads each may have
 * found the same space free.
 */
function createSpaceWatch(deps: AppendDeps): (bytes: number) => void {
  let unwatched = 0;
  return (bytes) => {
    unwatched += bytes;
    if (unwatched < SPACE_CHECK_BYTES) return;
    unwatched = 0;
    checkSpace(deps, 0);
  };
}

function sizeMismatch(announced: number): Error {
  return storageError('size-mismatch', 'the body has not the size that was announced', {
    announced,
  });
}

interface Destination {
  readonly claim: UploadClaim;
  readonly file: UploadFile;
  readonly hash: Hash;
}

/** Copies the body into file and hash. The body is left where it stands when that fails. */
async function receive(
  deps: AppendDeps,
  body: AppendBody,
  { claim, file, hash }: Destination,
): Promise<Received> {
  const watchSpace = createSpaceWatch(deps);
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
    watchSpace(next.value.length);
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
  if (body.length !== 0) checkSpace(deps, body.length ?? 0);
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
    const { bytes, broken } = await receive(deps, body, { claim, file, hash: running.hash });
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
