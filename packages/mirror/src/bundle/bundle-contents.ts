// A bundle opened for reading: which manifests each of its repositories has, found by walking from the
// references down. Nothing is in a repository that its references do not lead to.
import {
  Digest,
  DomainError,
  type Manifest,
  type ManifestReference,
  parseManifest,
  type RepositoryName,
  type Tag,
} from '@portolan/oci';
import { createHash } from 'node:crypto';
import { mirrorError } from '../errors.ts';
import { type BundleDocument, type BundledBlob, parseBundleDocument } from './bundle-document.ts';
import { checkDirectories, isDirectory } from './bundle-directory.ts';
import { fileSize, readSmallFile } from './bundle-files.ts';
import { isIndexOf } from './index-document.ts';
import { checkDocument, MAX_DOCUMENT_BYTES } from './document-limits.ts';
import { type BlobFile, blobFiles, DOCUMENT_FILE, INDEX_FILE, SUMS_FILE } from './layout.ts';
import { readBlob } from './stored-blob.ts';
import { join } from 'node:path';

export interface BundledManifest {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly size: number;
  readonly manifest: Manifest;
}

export interface BundledRepository {
  readonly tags: ReadonlyMap<Tag, Digest>;
  readonly manifests: ReadonlyMap<Digest, BundledManifest>;
}

export interface BundleContents {
  readonly directory: string;
  readonly document: BundleDocument;
  /** SHA-256 of the documents by their names, as they were read: a second look may see other bytes. */
  readonly documentSums: ReadonlyMap<string, string>;
  readonly blobs: ReadonlyMap<Digest, BundledBlob>;
  /** On the other side already. */
  readonly expected: ReadonlySet<Digest>;
  /** Children of indexes that were left out. */
  readonly omitted: ReadonlySet<Digest>;
  readonly repositories: ReadonlyMap<RepositoryName, BundledRepository>;
}

/** As the registry takes them. */
const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;

type Shelf = Omit<BundleContents, 'repositories'>;

export function filesOfBlob({ document }: Shelf, blob: BundledBlob): readonly BlobFile[] {
  return blobFiles(blob, document.maxFileSize);
}

/** The exact bytes, compared with the digest. @throws MirrorError `bundle-invalid`, `place-incomplete` */
export async function readManifestBody(shelf: Shelf, blob: BundledBlob): Promise<Buffer> {
  const { digest, size } = blob;
  if (size > MAX_MANIFEST_BYTES) {
    throw mirrorError('bundle-invalid', 'a manifest is too large', { digest, size });
  }
  const chunks: Uint8Array[] = [];
  for await (const chunk of readBlob(shelf.directory, filesOfBlob(shelf, blob))) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  const algorithm = Digest.algorithm(digest);
  if (createHash(algorithm).update(body).digest('hex') === Digest.hex(digest)) return body;
  const [first] = filesOfBlob(shelf, blob);
  const detail = { digest, file: first?.path };
  throw mirrorError('bundle-invalid', 'a manifest does not match its digest', detail);
}

async function readManifest(
  shelf: Shelf,
  blob: BundledBlob,
  mediaType: string,
): Promise<BundledManifest> {
  const { digest, size } = blob;
  const body = await readManifestBody(shelf, blob);
  try {
    return { digest, mediaType, size, manifest: parseManifest(body, mediaType) };
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    const { message } = error;
    const detail = { digest, ...error.detail };
    throw mirrorError('bundle-invalid', `a manifest cannot be read: ${message}`, detail, error);
  }
}

function lacks({ document }: Shelf, digest: Digest, what: string): never {
  throw mirrorError('place-incomplete', `the bundle lacks a ${what}`, {
    digest,
    bundle: document.id,
  });
}

/** What a manifest names is here, on the other side, or left out on purpose. */
function checkReference(shelf: Shelf, { kind, descriptor, isRequired }: ManifestReference): void {
  const { digest, size } = descriptor;
  const blob = shelf.blobs.get(digest);
  if (blob !== undefined && blob.size !== size) {
    const detail = { digest, size: blob.size, expected: size };
    throw mirrorError('bundle-invalid', 'a blob has another size than its manifest says', detail);
  }
  const isKnown = blob !== undefined || shelf.expected.has(digest) || !isRequired;
  if (isKnown || (kind === 'child' && shelf.omitted.has(digest))) return;
  lacks(shelf, digest, kind === 'child' ? 'manifest' : 'blob');
}

type ReadOnce = (digest: Digest) => Promise<BundledManifest | undefined>;

function createReader(shelf: Shelf): ReadOnce {
  const read = new Map<Digest, Promise<BundledManifest>>();
  return async (digest) => {
    const blob = shelf.blobs.get(digest);
    if (blob?.manifest === undefined) return undefined;
    const known = read.get(digest) ?? readManifest(shelf, blob, blob.manifest);
    read.set(digest, known);
    return known;
  };
}

/** Everything below the given manifests. */
async function walk(shelf: Shelf, readOnce: ReadOnce, roots: readonly Digest[]) {
  const found = new Map<Digest, BundledManifest>();
  const queue = [...roots];
  for (let digest = queue.pop(); digest !== undefined; digest = queue.pop()) {
    if (found.has(digest)) continue;
    const read = await readOnce(digest);
    if (read === undefined) continue;
    found.set(digest, read);
    for (const reference of read.manifest.references) {
      checkReference(shelf, reference);
      if (reference.kind === 'child') queue.push(reference.descriptor.digest);
    }
  }
  return found;
}

async function readRepositories(shelf: Shelf): Promise<Map<RepositoryName, BundledRepository>> {
  const readOnce = createReader(shelf);
  const byRepository = Map.groupBy(shelf.document.references, ({ repository }) => repository);
  const repositories = new Map<RepositoryName, BundledRepository>();
  for (const [repository, references] of byRepository) {
    const tags = new Map<Tag, Digest>();
    for (const { reference, digest, size, mediaType } of references) {
      const blob = shelf.blobs.get(digest);
      if (blob?.manifest === undefined) lacks(shelf, digest, 'manifest');
      if (blob.manifest !== mediaType || blob.size !== size) {
        const problem = 'a reference says something else of its manifest than the list of blobs';
        throw mirrorError('bundle-invalid', problem, { digest });
      }
      if (reference.kind === 'tag') tags.set(reference.tag, digest);
      else if (reference.digest !== digest) {
        throw mirrorError('bundle-invalid', 'a reference by digest has another digest', { digest });
      }
    }
    const roots = references.map(({ digest }) => digest);
    repositories.set(repository, { tags, manifests: await walk(shelf, readOnce, roots) });
  }
  return repositories;
}

/**
 * @throws MirrorError `request-invalid` when there is no such directory, `place-incomplete` for one that
 *   holds no bundle, or an unfinished one
 */
export async function requireBundle(directory: string): Promise<void> {
  if ((await fileSize(join(directory, SUMS_FILE))) !== undefined) return;
  if ((await fileSize(join(directory, DOCUMENT_FILE))) === undefined) {
    const hint =
      'name the directory that `portolan bundle export` was given, and see that it is mounted';
    if (!(await isDirectory(directory))) {
      throw mirrorError('request-invalid', 'there is no such directory', { directory, hint });
    }
    throw mirrorError('place-incomplete', 'there is no bundle here', { directory, hint });
  }
  throw mirrorError('place-incomplete', `the bundle is not complete: it has no ${SUMS_FILE}`, {
    directory,
    hint: 'its export was interrupted; run it again, it goes on where it was',
  });
}

interface ReadDocument {
  readonly document: BundleDocument;
  /** SHA-256 of the bytes. */
  readonly sum: string;
}

async function readText(directory: string, name: string) {
  const bytes = await readSmallFile(directory, name, MAX_DOCUMENT_BYTES);
  checkDocument(name, bytes);
  return {
    text: bytes.toString('utf8'),
    sum: createHash('sha256').update(bytes).digest('hex'),
  };
}

/** bundle.json alone, compared with nothing. @throws MirrorError `place-incomplete`, `bundle-invalid` */
export async function readBundleDocument(directory: string): Promise<ReadDocument> {
  const { text, sum } = await readText(directory, DOCUMENT_FILE);
  return { document: parseBundleDocument(text), sum };
}

/**
 * Reads all that says what is in the bundle. The bytes of configs and layers are compared by whoever
 * reads them, or by `verifyBundle`.
 * @throws MirrorError `request-invalid`, `place-incomplete`, `bundle-invalid`
 */
export async function readBundle(directory: string): Promise<BundleContents> {
  await checkDirectories(directory);
  await requireBundle(directory);
  const { document, sum } = await readBundleDocument(directory);
  const index = await readText(directory, INDEX_FILE);
  if (!isIndexOf(index.text, document.references)) {
    const problem = `${INDEX_FILE} and ${DOCUMENT_FILE} name different references`;
    throw mirrorError('bundle-invalid', problem, { directory });
  }
  const shelf: Shelf = {
    directory,
    document,
    documentSums: new Map([
      [DOCUMENT_FILE, sum],
      [INDEX_FILE, index.sum],
    ]),
    blobs: new Map(document.blobs.map((blob) => [blob.digest, blob])),
    expected: new Set(document.expected.map(({ digest }) => digest)),
    omitted: new Set(document.omitted),
  };
  return { ...shelf, repositories: await readRepositories(shelf) };
}
