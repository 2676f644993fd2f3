// What an export would write: every manifest is read, so that the space is known before the first byte.
import {
  type Descriptor,
  type Digest,
  MediaType,
  parseManifest,
  type Reference,
  type RepositoryName,
} from '@portolan/oci';
import { join } from 'node:path';
import type { Platform } from '../selection/platform.ts';
import { wantedChildren } from '../copy/wanted-children.ts';
import { mirrorError } from '../errors.ts';
import type { FetchedManifest, SourceRepository } from '../places/place.ts';
import { fileSize } from './bundle-files.ts';
import { checkExtent } from './document-limits.ts';
import { bytesOnDisk } from './free-space.ts';
import type { KnownContent } from './known-content.ts';
import { blobFiles, countParts } from './layout.ts';
import { createLimitedHosts, type LimitedHosts } from './limited-hosts.ts';
import { formatReferenceName } from './reference-name.ts';

export interface ExportItem {
  /** Its name in the bundle, and where it will be taken in. */
  readonly repository: RepositoryName;
  readonly source: SourceRepository;
  readonly references: readonly Reference[];
  /** Only these of each index; undefined takes all. */
  readonly platforms: readonly Platform[] | undefined;
  /** Children that the source lacks are left out: ours may have been mirrored for some platforms only. */
  readonly mayBeSparse: boolean;
}

export interface PlanOptions {
  readonly directory: string;
  readonly maxFileSize: number;
  readonly known: KnownContent | undefined;
  readonly withReferrers: boolean;
  readonly signal: AbortSignal;
}

export interface FailedReference {
  readonly name: string;
  readonly error: unknown;
}

export interface PlannedItem extends ExportItem {
  /** Children of its indexes that the source lacks. */
  readonly omitted: ReadonlySet<Digest>;
}

export interface ExportPlan {
  readonly items: readonly PlannedItem[];
  readonly failed: readonly FailedReference[];
  readonly references: number;
  readonly manifests: number;
  readonly blobs: number;
  /** Of all that the bundle will hold. */
  readonly bytes: number;
  /** Left out, since the other side has them. */
  readonly knownBlobs: number;
  /** Of what is not on the disk yet. */
  readonly newBytes: number;
  /** The room that this takes there, in whole clusters. */
  readonly neededBytes: number;
}

interface Sizes {
  readonly manifests: Map<Digest, number>;
  readonly blobs: Map<Digest, number>;
  readonly known: Set<Digest>;
}

interface ItemWalk {
  readonly item: ExportItem;
  readonly options: PlanOptions;
  readonly sizes: Sizes;
  readonly omitted: Set<Digest>;
  readonly seen: Set<Digest>;
}

function addBlob({ options, sizes }: ItemWalk, { digest, size }: Descriptor): void {
  if (options.known?.blobs.has(digest) === true) sizes.known.add(digest);
  else sizes.blobs.set(digest, size);
}

async function addChild(walk: ItemWalk, child: Descriptor): Promise<void> {
  const { source, mayBeSparse } = walk.item;
  const reference: Reference = { kind: 'digest', digest: child.digest };
  const fetched = await source.manifest(reference, walk.options.signal);
  if (fetched !== undefined) return addManifest(walk, fetched);
  // BuildKit's cache is an index of blobs.
  if (!MediaType.isManifest(child.mediaType)) addBlob(walk, child);
  else if (mayBeSparse) walk.omitted.add(child.digest);
  else {
    const { digest } = child;
    throw mirrorError('upstream-absent', `${source.name} has no manifest ${digest}`, { digest });
  }
}

async function addReferrers(walk: ItemWalk, subject: Digest): Promise<void> {
  const { options, item } = walk;
  if (!options.withReferrers) return;
  for (const { digest } of await item.source.referrers(subject, options.signal)) {
    const fetched = await item.source.manifest({ kind: 'digest', digest }, options.signal);
    if (fetched !== undefined) await addManifest(walk, fetched);
  }
}

async function addManifest(walk: ItemWalk, fetched: FetchedManifest): Promise<void> {
  const { digest, body, mediaType } = fetched;
  if (walk.seen.has(digest)) return;
  walk.seen.add(digest);
  walk.sizes.manifests.set(digest, body.length);
  const manifest = parseManifest(body, mediaType);
  for (const { kind, descriptor } of wantedChildren({ fetched, manifest }, walk.item.platforms)) {
    if (kind === 'child') await addChild(walk, descriptor);
    else addBlob(walk, descriptor);
  }
  await addReferrers(walk, digest);
}

async function addReference(walk: ItemWalk, reference: Reference): Promise<void> {
  const { source } = walk.item;
  const fetched = await source.manifest(reference, walk.options.signal);
  if (fetched !== undefined) return addManifest(walk, fetched);
  const name = reference.kind === 'tag' ? reference.tag : reference.digest;
  throw mirrorError('upstream-absent', `${source.name} has no ${reference.kind} ${name}`);
}

async function planItem(
  item: ExportItem,
  options: PlanOptions,
  sizes: Sizes,
  limited: LimitedHosts,
): Promise<{ planned: PlannedItem; failed: readonly FailedReference[] }> {
  const walk = { item, options, sizes, omitted: new Set<Digest>(), seen: new Set<Digest>() };
  const references: Reference[] = [];
  const failed: FailedReference[] = [];
  for (const reference of item.references) {
    try {
      limited.check(item.source);
      await addReference(walk, reference);
      references.push(reference);
    } catch (error) {
      options.signal.throwIfAborted();
      limited.note(item.source, error);
      failed.push({ name: formatReferenceName({ ...item, reference }), error });
    }
  }
  return { planned: { ...item, references, omitted: walk.omitted }, failed };
}

async function isOnDisk(
  { directory, maxFileSize }: PlanOptions,
  blob: { readonly digest: Digest; readonly size: number },
): Promise<boolean> {
  for (const { path, size } of blobFiles(blob, maxFileSize)) {
    if ((await fileSize(join(directory, path))) !== size) return false;
  }
  return true;
}

async function measure(
  options: PlanOptions,
  sizes: ReadonlyMap<Digest, number>,
): Promise<Pick<ExportPlan, 'newBytes' | 'neededBytes'>> {
  let [newBytes, neededBytes] = [0, 0];
  for (const [digest, size] of sizes) {
    if (await isOnDisk(options, { digest, size })) continue;
    newBytes += size;
    neededBytes += bytesOnDisk(size);
  }
  return { newBytes, neededBytes };
}

/**
 * References that cannot be had are listed as failed; the others go on.
 * @throws MirrorError `request-invalid` when it is more than a bundle can hold
 */
export async function planExport(
  items: readonly ExportItem[],
  options: PlanOptions,
): Promise<ExportPlan> {
  const limited = createLimitedHosts();
  const sizes: Sizes = { manifests: new Map(), blobs: new Map(), known: new Set() };
  const planned: PlannedItem[] = [];
  const failed: FailedReference[] = [];
  for (const item of items) {
    const result = await planItem(item, options, sizes, limited);
    if (result.planned.references.length > 0) planned.push(result.planned);
    failed.push(...result.failed);
  }
  const files = new Map([...sizes.blobs, ...sizes.manifests]);
  const references = planned.reduce((sum, item) => sum + item.references.length, 0);
  const omitted = planned.reduce((sum, item) => sum + item.omitted.size, 0);
  const parts = [...files.values()].map((size) => countParts(size, options.maxFileSize));
  checkExtent(
    references + files.size + sizes.known.size + omitted,
    parts.reduce((sum, count) => sum + count, 0),
  );
  return {
    items: planned,
    failed,
    references,
    manifests: sizes.manifests.size,
    // A manifest may also stand where a blob does.
    blobs: files.size - sizes.manifests.size,
    bytes: [...files.values()].reduce((sum, size) => sum + size, 0),
    knownBlobs: sizes.known.size,
    ...(await measure(options, files)),
  };
}
