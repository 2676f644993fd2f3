// What our own registry has: as items of an export, and as the inventory that makes the next bundle small.
import {
  type Descriptor,
  type Digest,
  MediaType,
  parseManifest,
  type Reference,
  RepositoryName,
} from '@portolan/oci';
import type { ContentStores } from '@portolan/storage';
import type { Platform } from '../selection/platform.ts';
import type { ReferenceSelector } from '../selection/selectors.ts';
import { createLocalRepository, type LocalRepositoryDeps } from '../places/local-repository.ts';
import type { FetchedManifest, SourceRepository } from '../places/place.ts';
import type { HaveDocument } from './have-document.ts';
import type { ExportItem } from './reference-content.ts';
import type { NamedReference } from './reference-name.ts';

export interface LocalContentDeps extends LocalRepositoryDeps {
  readonly content: ContentStores;
}

const PAGE = 1000;
/** Nothing is written. */
const NO_ACTOR = '';

async function* repositoryNames({ repositories }: ContentStores): AsyncGenerator<RepositoryName> {
  let last: string | undefined;
  for (;;) {
    const page = await repositories.list('all', {
      limit: PAGE,
      ...(last === undefined ? {} : { last }),
    });
    for (const name of page.names) yield RepositoryName.parse(name);
    last = page.names.at(-1);
    if (!page.hasMore || last === undefined) return;
  }
}

export interface LocalSelection {
  readonly selector: ReferenceSelector;
  /** Only these of each index; undefined takes all. */
  readonly platforms: readonly Platform[] | undefined;
  readonly signal: AbortSignal;
}

/** The tags that the selector means, by repository. */
export async function localItems(
  deps: LocalContentDeps,
  { selector, platforms, signal }: LocalSelection,
): Promise<readonly ExportItem[]> {
  const items: ExportItem[] = [];
  for await (const repository of repositoryNames(deps.content)) {
    if (!selector.matchesRepository(repository)) continue;
    const source = createLocalRepository(deps, repository, NO_ACTOR);
    const tags = await source.tags(signal);
    const references = tags
      .map((tag): Reference => ({ kind: 'tag', tag }))
      .filter((reference) => selector.matches({ repository, reference }));
    if (references.length === 0) continue;
    const tagsAtSource = new Set<string>(tags);
    items.push({ repository, source, references, tagsAtSource, platforms, mayBeSparse: true });
  }
  return items;
}

interface Inventory {
  readonly references: (NamedReference & { readonly digest: Digest })[];
  readonly manifests: Set<Digest>;
  readonly blobs: Set<Digest>;
}

interface RepositoryWalk {
  readonly deps: LocalContentDeps;
  readonly repository: RepositoryName;
  readonly source: SourceRepository;
  readonly inventory: Inventory;
  readonly signal: AbortSignal;
  readonly seen: Set<Digest>;
}

/** A layer may lawfully be absent, so it is looked for. */
async function noteBlob(
  { deps, repository, inventory }: RepositoryWalk,
  { digest }: Descriptor,
): Promise<void> {
  if (inventory.blobs.has(digest)) return;
  const found = await deps.content.blobs.find(repository, digest);
  if (found !== undefined) inventory.blobs.add(digest);
}

async function noteManifest(walk: RepositoryWalk, fetched: FetchedManifest): Promise<void> {
  const { source, inventory, signal } = walk;
  if (walk.seen.has(fetched.digest)) return;
  walk.seen.add(fetched.digest);
  inventory.manifests.add(fetched.digest);
  const below = async (digest: Digest): Promise<boolean> => {
    const manifest = await source.manifest({ kind: 'digest', digest }, signal);
    if (manifest !== undefined) await noteManifest(walk, manifest);
    return manifest !== undefined;
  };
  for (const { kind, descriptor } of parseManifest(fetched.body, fetched.mediaType).references) {
    const isManifest = kind === 'child' && (await below(descriptor.digest));
    const mayBeBlob = kind !== 'child' || !MediaType.isManifest(descriptor.mediaType);
    if (!isManifest && mayBeBlob) await noteBlob(walk, descriptor);
  }
  for (const { digest } of await source.referrers(fetched.digest, signal)) await below(digest);
}

async function noteRepository(walk: RepositoryWalk): Promise<void> {
  const { repository, source, inventory, signal } = walk;
  for (const tag of await source.tags(signal)) {
    const reference: Reference = { kind: 'tag', tag };
    const manifest = await source.manifest(reference, signal);
    // Deleted since it was listed.
    if (manifest === undefined) continue;
    inventory.references.push({ repository, reference, digest: manifest.digest });
    await noteManifest(walk, manifest);
  }
}

/** Everything that a tag of ours leads to. */
export async function takeInventory(
  deps: LocalContentDeps,
  { id, at, signal }: { readonly id: string; readonly at: number; readonly signal: AbortSignal },
): Promise<HaveDocument> {
  const inventory: Inventory = { references: [], manifests: new Set(), blobs: new Set() };
  for await (const repository of repositoryNames(deps.content)) {
    const source = createLocalRepository(deps, repository, NO_ACTOR);
    const walk = { deps, repository, source, inventory, signal, seen: new Set<Digest>() };
    await noteRepository(walk);
  }
  return {
    id,
    at,
    references: inventory.references,
    manifests: [...inventory.manifests].sort(),
    blobs: [...inventory.blobs].sort(),
  };
}
