// What one reference of an export consists of: it is walked as a copy walks it, with all that is attached to
// it, and only its manifests are read.
import {
  type Descriptor,
  type Digest,
  MediaType,
  parseManifest,
  type Reference,
  type RepositoryName,
  type Tag,
} from '@portolan/oci';
import { findAttachedTo, MAX_ATTACHED_ROUNDS } from '../copy/find-attached.ts';
import { checkManifestLimits } from '../copy/manifest-limits.ts';
import { wantedChildren } from '../copy/wanted-children.ts';
import { mirrorError } from '../errors.ts';
import type { FetchedManifest, SourceRepository } from '../places/place.ts';
import type { Platform } from '../selection/platform.ts';
import { filesToWrite } from './files-to-write.ts';
import type { KnownContent } from './known-content.ts';

export interface ExportItem {
  /** Its name in the bundle, and where it will be taken in. */
  readonly repository: RepositoryName;
  readonly source: SourceRepository;
  readonly references: readonly Reference[];
  /** Every tag of the source, when it has been listed: others are not asked for. */
  readonly tagsAtSource?: ReadonlySet<string>;
  /** Only these of each index; undefined takes all. */
  readonly platforms: readonly Platform[] | undefined;
  /** Children that the source lacks are left out: ours may have been mirrored for some platforms only. */
  readonly mayBeSparse: boolean;
}

export interface ContentOptions {
  readonly maxFileSize: number;
  readonly known: KnownContent | undefined;
  readonly withReferrers: boolean;
  readonly signal: AbortSignal;
}

export interface FoundManifest {
  readonly size: number;
  /** All that it names, be it taken or not. */
  readonly named: readonly Digest[];
}

export interface ReferenceContent {
  readonly manifests: Map<Digest, FoundManifest>;
  readonly blobs: Map<Digest, number>;
  /** Left out, since the other side has them. */
  readonly known: Set<Digest>;
  /** Children of its indexes that the source lacks. */
  readonly omitted: Set<Digest>;
  /** Its own, and cosign's. */
  readonly tags: Map<Tag, Digest>;
}

interface Search {
  readonly item: ExportItem;
  readonly options: ContentOptions;
  readonly isKnown: (digest: Digest) => boolean;
  readonly content: ReferenceContent;
}

function addBlob({ options, content }: Search, blob: Descriptor): void {
  if (options.known?.blobs.has(blob.digest) === true) {
    content.known.add(blob.digest);
    return;
  }
  filesToWrite(blob, options.maxFileSize);
  content.blobs.set(blob.digest, blob.size);
}

function find({ item, options }: Search, digest: Digest) {
  return item.source.manifest({ kind: 'digest', digest }, options.signal);
}

function lacksManifest({ source }: ExportItem, digest: Digest): never {
  throw mirrorError('upstream-absent', `${source.name} has no manifest ${digest}`, { digest });
}

async function addChild(search: Search, child: Descriptor, depth: number): Promise<void> {
  const { digest, mediaType } = child;
  const fetched = await find(search, digest);
  if (fetched !== undefined) return addManifest(search, fetched, depth);
  // BuildKit's cache is an index of blobs.
  if (!MediaType.isManifest(mediaType)) addBlob(search, child);
  else if (search.item.mayBeSparse) search.content.omitted.add(digest);
  else lacksManifest(search.item, digest);
}

async function addManifest(search: Search, fetched: FetchedManifest, depth: number): Promise<void> {
  const { item, content, isKnown } = search;
  const { digest, body, mediaType } = fetched;
  if (content.manifests.has(digest) || isKnown(digest)) return;
  checkManifestLimits(content.manifests.size, depth);
  const manifest = parseManifest(body, mediaType);
  const named = manifest.references.map(({ descriptor }) => descriptor.digest);
  content.manifests.set(digest, { size: body.length, named });
  for (const { kind, descriptor } of wantedChildren({ fetched, manifest }, item.platforms)) {
    if (kind === 'child') await addChild(search, descriptor, depth + 1);
    else addBlob(search, descriptor);
  }
}

async function addAttachedTo(search: Search, subject: Digest): Promise<void> {
  const { item, options, content } = search;
  const { source, tagsAtSource } = item;
  const request = { source, ...(tagsAtSource === undefined ? {} : { tagsAtSource }) };
  const { signal } = options;
  const attached = await findAttachedTo({ request, signal, slots: (work) => work() }, subject);
  for (const { digest, tag } of attached) {
    const fetched = await find(search, digest);
    if (fetched === undefined) lacksManifest(item, digest);
    await addManifest(search, fetched, 0);
    if (tag !== undefined) content.tags.set(tag, digest);
  }
}

/** Round by round, as they are copied. */
async function addAttached(search: Search): Promise<void> {
  const { manifests } = search.content;
  const asked = new Set<Digest>();
  for (let round = 0; round < MAX_ATTACHED_ROUNDS; round++) {
    const subjects = [...manifests.keys()].filter((digest) => !asked.has(digest));
    if (subjects.length === 0) return;
    for (const subject of subjects) {
      asked.add(subject);
      await addAttachedTo(search, subject);
    }
  }
}

/**
 * @param isKnown manifests of the same repository whose content has been found before
 * @throws MirrorError `upstream-…`; `request-invalid` for a blob of too many parts
 */
export async function findReferenceContent(
  item: ExportItem,
  reference: Reference,
  options: ContentOptions,
  isKnown: (digest: Digest) => boolean,
): Promise<ReferenceContent> {
  const content: ReferenceContent = {
    manifests: new Map(),
    blobs: new Map(),
    known: new Set(),
    omitted: new Set(),
    tags: new Map(),
  };
  const search = { item, options, isKnown, content };
  const fetched = await item.source.manifest(reference, options.signal);
  if (fetched === undefined) {
    const name = reference.kind === 'tag' ? reference.tag : reference.digest;
    throw mirrorError('upstream-absent', `${item.source.name} has no ${reference.kind} ${name}`);
  }
  await addManifest(search, fetched, 0);
  if (options.withReferrers) await addAttached(search);
  if (reference.kind === 'tag') content.tags.set(reference.tag, fetched.digest);
  return content;
}
