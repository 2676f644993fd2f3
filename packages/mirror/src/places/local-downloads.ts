// Bytes of a blob into our own store, by an upload session that a later call, in whatever process,
// goes on with. They are written in slices: between two of them nobody holds the session, and the row
// says how far it is, so that a killed run loses no more than a slice and blocks nobody.
import { type Descriptor, Digest, DomainError, type RepositoryName } from '@portolan/oci';
import type { MirrorDownloadStore, Upload, UploadStore } from '@portolan/storage';
import { mirrorError } from '../errors.ts';
import type { OpenBlob } from './place.ts';

export interface LocalDownloadsDeps {
  readonly uploads: UploadStore;
  readonly downloads: MirrorDownloadStore;
}

export interface BlobRequest {
  readonly descriptor: Descriptor;
  readonly open: OpenBlob;
  readonly signal: AbortSignal;
}

/** Owner of the sessions; no token of this name can push to a mirror. */
const SUBJECT = 'mirror';
const SLICE_BYTES = 2 * 1024 * 1024;

interface Slice {
  readonly parts: readonly Uint8Array[];
  readonly bytes: number;
  /** The source broke off behind these. */
  readonly broken?: { readonly error: unknown };
}

/** What had come in before a failure is a slice too. */
async function* slicesOf(
  parts: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Slice> {
  let gathered: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const part of parts) {
      gathered.push(part);
      bytes += part.length;
      signal.throwIfAborted();
      if (bytes < SLICE_BYTES) continue;
      const full = { parts: gathered, bytes };
      gathered = [];
      bytes = 0;
      yield full;
    }
  } catch (error) {
    yield { parts: gathered, bytes, broken: { error } };
    return;
  }
  if (bytes > 0) yield { parts: gathered, bytes };
}

async function* partsOf({ parts }: Slice): AsyncGenerator<Uint8Array> {
  yield* parts;
}

const CONFLICTS = new Set(['upload-busy', 'upload-unknown', 'upload-offset-mismatch']);

/** Somebody else works on the session, or has ended it. */
function isConflict(error: unknown): boolean {
  return error instanceof DomainError && CONFLICTS.has(error.code);
}

function corrupt({ digest, size }: Descriptor, text: string, cause?: unknown): Error {
  return mirrorError('upstream-corrupt', `the blob ${text}`, { digest, size }, cause);
}

/** One blob on its way into one repository. */
class Download {
  readonly #deps: LocalDownloadsDeps;
  readonly #repository: RepositoryName;
  readonly #descriptor: Descriptor;
  #upload: Upload | undefined;
  #isRecorded: boolean;

  constructor(
    deps: LocalDownloadsDeps,
    repository: RepositoryName,
    descriptor: Descriptor,
    upload?: Upload,
  ) {
    this.#deps = deps;
    this.#repository = repository;
    this.#descriptor = descriptor;
    this.#upload = upload;
    this.#isRecorded = upload !== undefined;
  }

  get offset(): number {
    return this.#upload?.offset ?? 0;
  }

  async #begin(): Promise<Upload> {
    const algorithm = Digest.algorithm(this.#descriptor.digest);
    const repository = this.#repository;
    return await this.#deps.uploads.begin({ repository, subject: SUBJECT, algorithm });
  }

  async append(slice: Slice): Promise<void> {
    const { digest, size } = this.#descriptor;
    if (this.offset + slice.bytes > size) {
      await this.drop();
      throw corrupt(this.#descriptor, 'is larger than was said');
    }
    if (slice.bytes === 0) return;
    const upload = (this.#upload ??= await this.#begin());
    const { offset: start } = upload;
    const body = { bytes: partsOf(slice), start, length: slice.bytes };
    this.#upload = await this.#deps.uploads.append(upload, body);
    // One that came in one piece has nothing to go on with.
    if (this.#isRecorded || this.offset === size) return;
    await this.#deps.downloads.set(this.#repository, digest, upload.id);
    this.#isRecorded = true;
  }

  async commit(): Promise<void> {
    const { digest } = this.#descriptor;
    const upload = (this.#upload ??= await this.#begin());
    try {
      await this.#deps.uploads.commit(upload, digest, 'mirror');
    } catch (error) {
      if (!(error instanceof DomainError) || error.code !== 'digest-mismatch') throw error;
      await this.#forget();
      throw corrupt(this.#descriptor, 'has another digest', error);
    }
    await this.#forget();
  }

  /** Ends it without a blob. */
  async drop(): Promise<void> {
    if (this.#upload !== undefined) await this.#deps.uploads.cancel(this.#upload);
    await this.#forget();
  }

  async #forget(): Promise<void> {
    if (!this.#isRecorded) return;
    await this.#deps.downloads.delete(this.#repository, this.#descriptor.digest);
  }
}

async function fill(download: Download, { descriptor, open, signal }: BlobRequest): Promise<void> {
  const start = download.offset;
  if (start < descriptor.size) {
    for await (const slice of slicesOf(await open(start), signal)) {
      await download.append(slice);
      if (slice.broken !== undefined) throw slice.broken.error;
    }
  }
  const { offset } = download;
  if (offset === descriptor.size) return;
  if (offset === start || offset > descriptor.size) {
    // Asked for the rest it gave nothing: there is no more, and going on would be of no use.
    await download.drop();
    throw corrupt(descriptor, 'has not the size that was said');
  }
  const { digest, size } = descriptor;
  const detail = { digest, size, received: offset };
  throw mirrorError('upstream-unavailable', 'the blob ended early', detail);
}

/** @throws MirrorError `upstream-corrupt`, `upstream-unavailable`; whatever `open` and its bytes throw */
export async function downloadBlob(
  deps: LocalDownloadsDeps,
  repository: RepositoryName,
  request: BlobRequest,
): Promise<void> {
  const { descriptor, signal } = request;
  signal.throwIfAborted();
  const id = await deps.downloads.find(repository, descriptor.digest);
  const known = id === undefined ? undefined : await deps.uploads.find(repository, SUBJECT, id);
  const attempt = async (upload?: Upload): Promise<void> => {
    const download = new Download(deps, repository, descriptor, upload);
    await fill(download, request);
    await download.commit();
  };
  try {
    await attempt(known);
  } catch (error) {
    if (!isConflict(error)) throw error;
    // Two of us at the same blob: this one comes in by a session of its own.
    await attempt();
  }
}
