// A manifest with all that is below it: children and blobs first, itself last, so that no manifest ever
// stands at the sink without its content.
import { type Digest, MediaType, type ManifestReference } from '@portolan/oci';
import type { ManifestHead } from '../places/place.ts';
import { bringBlob, bringLayer } from './bring-blob.ts';
import { checkManifestLimits } from './manifest-limits.ts';
import { readManifest, type ReadManifest } from './read-manifest.ts';
import type { Walk } from './walk.ts';
import { wantedChildren } from './wanted-children.ts';

/**
 * Once for each copy, however many parents it has.
 * @throws MirrorError `upstream-corrupt` for an image that is too deep or has too many manifests
 */
export async function bringManifest(walk: Walk, digest: Digest, depth: number): Promise<void> {
  const known = walk.manifests.get(digest);
  if (known !== undefined) return known;
  checkManifestLimits(walk.manifests.size, depth);
  const brought = bringOnce(walk, digest, depth);
  walk.manifests.set(digest, brought);
  return brought;
}

async function bringOnce(walk: Walk, digest: Digest, depth: number): Promise<void> {
  const { request, signal, tally } = walk;
  signal.throwIfAborted();
  const kept = await findKept(walk, digest);
  if (isComplete(kept)) return;
  const read = await readManifest(walk, digest, kept !== undefined);
  await bringContent(walk, read, depth);
  if (kept !== undefined) return;
  await request.sink.putManifest(read.fetched, [], signal);
  tally.manifests++;
}

/** At the sink, to stay: an index that names it may come much later than this look. */
async function findKept({ request, signal }: Walk, digest: Digest) {
  const { sink } = request;
  const head = await sink.head({ kind: 'digest', digest }, signal);
  const isKept = head !== undefined && ((await sink.keep?.(digest, signal)) ?? true);
  return isKept ? head : undefined;
}

/** A manifest that is no index is complete wherever it stands; an index may be sparse. */
export function isComplete(head: ManifestHead | undefined): boolean {
  if (head?.mediaType === undefined || !MediaType.isManifest(head.mediaType)) return false;
  return !MediaType.isIndex(MediaType.parse(head.mediaType));
}

/** What the manifest points at. */
export async function bringContent(walk: Walk, read: ReadManifest, depth: number): Promise<void> {
  const { platforms, blobsAtOnce } = walk.request;
  const references = wantedChildren(read, platforms);
  const children = references.filter(({ kind }) => kind === 'child');
  const blobs = references.filter(({ kind }) => kind !== 'child');
  // Nested indexes one by one: their breadths would multiply.
  const width = depth === 0 ? blobsAtOnce : 1;
  await walk.each(children, width, (child) => bringChild(walk, child, depth + 1));
  await walk.each(blobs, blobsAtOnce, (blob) => bringLayer(walk, blob));
}

async function bringChild(walk: Walk, reference: ManifestReference, depth: number) {
  const { request, signal } = walk;
  const { descriptor } = reference;
  if (request.omitted?.has(descriptor.digest) === true) return undefined;
  if (!MediaType.isManifest(descriptor.mediaType)) {
    // BuildKit's cache is an index of blobs.
    const found = await request.source.head({ kind: 'digest', digest: descriptor.digest }, signal);
    if (found === undefined) return bringBlob(walk, descriptor);
  }
  return bringManifest(walk, descriptor.digest, depth);
}
