// An export under way: what has been put so far, and the files that say so at the end. All state that
// outlives the process lies in the directory, so a killed export is simply run again: right files are
// kept, and a bundle counts as one only once SHA256SUMS is there.
import { type Descriptor, type Digest, parseManifest } from '@portolan/oci';
import type { Reference, RepositoryName, Tag } from '@portolan/oci';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createTransfers } from '../copy/transfers.ts';
import type { FetchedManifest, OpenBlob } from '../places/place.ts';
import type { BundleDocument } from './bundle-document.ts';
import { fileSize } from './bundle-files.ts';
import { type BundleEnding, prepareDirectory, writeBundleFiles } from './bundle-directory.ts';
import { filesToWrite } from './files-to-write.ts';
import type { KnownContent } from './known-content.ts';
import type { BlobFile } from './layout.ts';
import { hashBlob } from './stored-blob.ts';
import { writeBlob } from './write-blob.ts';
import {
  describeBundle,
  type Written,
  type WrittenBlob,
  type WrittenManifest,
  type WrittenRepository,
} from './written-content.ts';

export interface BundleWriterDeps {
  readonly directory: string;
  readonly maxFileSize: number;
  /** What the other side has; undefined leaves nothing out. */
  readonly known: KnownContent | undefined;
  readonly clock: () => number;
  readonly randomId: () => string;
  /** Program and version. */
  readonly tool: string;
}

export interface BundleWriter {
  hasBlob(blob: Descriptor, signal: AbortSignal): Promise<boolean>;
  /** Returns how many bytes have come onto the stick: none of what is there. */
  putBlob(blob: Descriptor, open: OpenBlob, signal: AbortSignal): Promise<number>;
  findManifest(repository: RepositoryName, reference: Reference): WrittenManifest | undefined;
  /** Returns what `putBlob` does. */
  putManifest(request: PutInBundle, signal: AbortSignal): Promise<number>;
  /** Writes what makes it a bundle. @throws MirrorError `space-short`, `request-invalid` (the key) */
  finish(ending: BundleEnding): Promise<BundleDocument>;
}

export interface PutInBundle {
  readonly repository: RepositoryName;
  /** Name of the repository that it comes from. */
  readonly source: string;
  readonly manifest: FetchedManifest;
  readonly tags: readonly Tag[];
}

async function areSizesRight(directory: string, files: readonly BlobFile[]): Promise<boolean> {
  for (const file of files) {
    if ((await fileSize(join(directory, file.path))) !== file.size) return false;
  }
  return true;
}

/** The sums of a blob that an earlier run has left whole; wrong files go. */
async function findStored(
  directory: string,
  blob: { readonly digest: Digest; readonly files: readonly BlobFile[] },
  signal: AbortSignal,
): Promise<WrittenBlob['sums'] | undefined> {
  if (!(await areSizesRight(directory, blob.files))) return undefined;
  const hashed = await hashBlob(directory, blob, { signal });
  if (hashed.digest === blob.digest) return hashed.sums;
  for (const { path } of blob.files) await rm(join(directory, path), { force: true });
  return undefined;
}

/** @throws MirrorError `request-invalid` when the directory holds something else */
export async function createBundleWriter(deps: BundleWriterDeps): Promise<BundleWriter> {
  const { directory, maxFileSize, known } = deps;
  const written: Written = { blobs: new Map(), expected: new Map(), repositories: new Map() };
  const manifestTurns = createTransfers();
  await prepareDirectory(directory);

  async function isStored(blob: Descriptor, signal: AbortSignal): Promise<boolean> {
    if (written.blobs.has(blob.digest)) return true;
    const files = filesToWrite(blob, maxFileSize);
    const sums = await findStored(directory, { digest: blob.digest, files }, signal);
    if (sums !== undefined) written.blobs.set(blob.digest, { size: blob.size, sums });
    return sums !== undefined;
  }

  async function putBlob(blob: Descriptor, open: OpenBlob, signal: AbortSignal): Promise<number> {
    if (await isStored(blob, signal)) return 0;
    const files = filesToWrite(blob, maxFileSize);
    const sums = await writeBlob({ directory, descriptor: blob, files }, open, signal);
    written.blobs.set(blob.digest, { size: blob.size, sums });
    return blob.size;
  }

  function repositoryOf({ repository, source }: PutInBundle): WrittenRepository {
    const found = written.repositories.get(repository);
    if (found !== undefined) return found;
    const made = { source, manifests: new Map(), tags: new Map() };
    written.repositories.set(repository, made);
    return made;
  }

  return {
    async hasBlob(blob, signal) {
      signal.throwIfAborted();
      if (written.blobs.has(blob.digest)) return true;
      if (known?.blobs.has(blob.digest) !== true) return isStored(blob, signal);
      written.expected.set(blob.digest, blob.size);
      return true;
    },
    putBlob,
    findManifest(repository, reference) {
      const found = written.repositories.get(repository);
      const digest =
        reference.kind === 'digest' ? reference.digest : found?.tags.get(reference.tag);
      return digest === undefined ? undefined : found?.manifests.get(digest);
    },
    async putManifest(request, signal) {
      const { digest, mediaType, body } = request.manifest;
      const manifest = parseManifest(body, mediaType);
      const descriptor = { digest, mediaType, size: body.length };
      const open = async (start: number) => onePart(body.subarray(start));
      // Images that are copied side by side may share a child.
      const put = () => putBlob(descriptor, open, signal);
      const bytes = await manifestTurns.run(digest, signal, put);
      const repository = repositoryOf(request);
      repository.manifests.set(digest, { fetched: request.manifest, manifest });
      for (const tag of request.tags) repository.tags.set(tag, digest);
      return bytes;
    },
    async finish(ending) {
      const { clock, randomId, tool } = deps;
      const facts = { id: randomId(), madeAt: clock(), tool, maxFileSize, known };
      const document = describeBundle(facts, written);
      const sums = new Map([...written.blobs.values()].flatMap((blob) => [...blob.sums]));
      await writeBundleFiles(directory, { document, sums, ...ending });
      return document;
    },
  };
}

async function* onePart(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.length > 0) yield bytes;
}
