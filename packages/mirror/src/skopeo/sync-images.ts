// What a `sync` is about: the images that its source names, found by asking for them. What cannot be
// found is a problem that is reported, never something that is passed over.
import { type Reference, Tag } from '@portolan/oci';
import { mirrorError } from '../errors.ts';
import {
  formatUpstreamName,
  type UpstreamImage,
  type UpstreamRepository,
} from '../names/upstream-name.ts';
import { type DirImage, listDirImages } from '../places/dir-layout.ts';
import { createDirRepository } from '../places/dir-repository.ts';
import type { SourceRepository } from '../places/place.ts';
import type { SkopeoRegistry, SkopeoRepository, SkopeoSelection } from './yaml-source.ts';

export type SyncSource =
  | { readonly kind: 'docker'; readonly image: UpstreamImage }
  | { readonly kind: 'dir'; readonly root: string }
  | { readonly kind: 'yaml'; readonly registries: readonly SkopeoRegistry[] };

export interface SyncImage {
  readonly repository: SourceRepository;
  readonly reference: Reference;
  /** Its full name without the reference: `docker.io/library/busybox`. */
  readonly name: string;
  /** As skopeo writes it: `docker://docker.io/library/busybox:musl`, `dir:/media/usb/…`. */
  readonly label: string;
}

export interface SyncProblem {
  readonly label: string;
  readonly error: unknown;
}

export interface FoundImages {
  readonly images: readonly SyncImage[];
  readonly problems: readonly SyncProblem[];
}

/** `registry` is the part of the YAML file that names the upstream, when there is one. */
export type OpenUpstream = (
  upstream: UpstreamRepository,
  registry: SkopeoRegistry | undefined,
) => Promise<SourceRepository>;

const LATEST: Reference = { kind: 'tag', tag: Tag.parse('latest') };

function upstreamImage(
  repository: SourceRepository,
  upstream: UpstreamRepository,
  reference: Reference,
): SyncImage {
  const label = `docker://${formatUpstreamName({ ...upstream, reference })}`;
  return { repository, reference, name: formatUpstreamName(upstream), label };
}

function dirImage(image: DirImage): SyncImage {
  const label = `dir:${image.directory}`;
  // One image each, so that a bad file is looked for, and reported, where it is.
  const repository = createDirRepository(label, [image]);
  return { repository, reference: image.reference ?? LATEST, name: image.name, label };
}

async function referencesOf(
  repository: SourceRepository,
  selection: SkopeoSelection,
  signal: AbortSignal,
): Promise<readonly Reference[]> {
  if (selection.kind === 'listed') return selection.references;
  const all = await repository.tags(signal);
  const tags = selection.kind === 'all' ? all : all.filter(selection.matches);
  if (tags.length > 0) return tags.map((tag) => ({ kind: 'tag', tag }));
  const what = selection.kind === 'all' ? 'has no tags' : `has no tag for '${selection.text}'`;
  throw mirrorError('upstream-absent', `${repository.name} ${what}`);
}

interface Wanted extends SkopeoRepository {
  readonly registry: SkopeoRegistry | undefined;
}

async function findUpstream(
  { upstream, selection, registry }: Wanted,
  open: OpenUpstream,
  signal: AbortSignal,
): Promise<FoundImages> {
  try {
    const repository = await open(upstream, registry);
    const references = await referencesOf(repository, selection, signal);
    const images = references.map((reference) => upstreamImage(repository, upstream, reference));
    return { images, problems: [] };
  } catch (error) {
    signal.throwIfAborted();
    return { images: [], problems: [{ label: `docker://${formatUpstreamName(upstream)}`, error }] };
  }
}

function wantedOf(source: Exclude<SyncSource, { kind: 'dir' }>): readonly Wanted[] {
  if (source.kind === 'yaml') {
    return source.registries.flatMap((registry) =>
      registry.repositories.map((repository) => ({ ...repository, registry })),
    );
  }
  const { reference, ...upstream } = source.image;
  const selection: SkopeoSelection =
    reference === undefined ? { kind: 'all' } : { kind: 'listed', references: [reference] };
  return [{ upstream, selection, registry: undefined }];
}

/** Two sections of a file may name the same tag. */
function withoutTwins(images: readonly SyncImage[]): readonly SyncImage[] {
  return [...new Map(images.map((image) => [image.label, image])).values()];
}

export async function findImages(
  source: SyncSource,
  open: OpenUpstream,
  signal: AbortSignal,
): Promise<FoundImages> {
  if (source.kind === 'dir') {
    return { images: (await listDirImages(source.root)).map(dirImage), problems: [] };
  }
  const images: SyncImage[] = [];
  const problems: SyncProblem[] = [];
  for (const wanted of wantedOf(source)) {
    const found = await findUpstream(wanted, open, signal);
    images.push(...found.images);
    problems.push(...found.problems);
  }
  return { images: withoutTwins(images), problems };
}
