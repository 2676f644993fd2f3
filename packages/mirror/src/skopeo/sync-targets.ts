// Where `sync` puts an image: below the destination by its last name, or with `--scoped` by its whole
// one. skopeo lets two repositories of one last name overwrite each other; here that is refused.
import type { Reference, Tag } from '@portolan/oci';
import { mirrorError } from '../errors.ts';
import {
  formatUpstreamName,
  parseUpstreamName,
  type UpstreamRepository,
} from '../names/upstream-name.ts';
import { imageDirectory } from '../places/dir-layout.ts';
import type { SyncImage } from './sync-images.ts';

export type SyncDestination =
  /** `registry.lan`, `registry.lan/team`. */
  | { readonly kind: 'docker'; readonly prefix: string }
  | { readonly kind: 'dir'; readonly root: string };

export interface SyncNaming {
  readonly isScoped: boolean;
  /** Added to tags. */
  readonly suffix: string;
}

export interface SyncTarget {
  readonly place:
    | { readonly kind: 'docker'; readonly repository: UpstreamRepository }
    | { readonly kind: 'dir'; readonly root: string; readonly name: string };
  /** A digest means that it gets no tag. */
  readonly reference: Reference;
  readonly label: string;
}

function withReference(name: string, reference: Reference): string {
  return reference.kind === 'tag' ? `${name}:${reference.tag}` : `${name}@${reference.digest}`;
}

function withSuffix(reference: Reference, suffix: string): Reference {
  if (suffix === '') return reference;
  if (reference.kind === 'digest') {
    throw mirrorError('request-invalid', 'a digest takes no suffix', {
      digest: reference.digest,
      hint: 'leave --append-suffix out, or name a tag',
    });
  }
  return { kind: 'tag', tag: `${reference.tag}${suffix}` as Tag };
}

function dockerTarget(prefix: string, name: string, reference: Reference): SyncTarget {
  const image = parseUpstreamName(withReference(`${prefix}/${name}`, reference));
  const { reference: parsed = reference, ...repository } = image;
  const label = `docker://${formatUpstreamName(image)}`;
  return { place: { kind: 'docker', repository }, reference: parsed, label };
}

/** A colon may stand in a path, but not in a repository's name. */
function withoutPort(name: string): string {
  return name.replace(/^([^/]*):(\d+)\//, '$1_$2/');
}

function targetOf(
  image: SyncImage,
  destination: SyncDestination,
  { isScoped, suffix }: SyncNaming,
): SyncTarget {
  const name = isScoped ? image.name : image.name.slice(image.name.lastIndexOf('/') + 1);
  const reference = withSuffix(image.reference, suffix);
  if (destination.kind === 'docker') {
    return dockerTarget(destination.prefix, withoutPort(name), reference);
  }
  const { root } = destination;
  // Refuses names that leave the root.
  const directory = imageDirectory(root, name, reference);
  return { place: { kind: 'dir', root, name }, reference, label: `dir:${directory}` };
}

export interface SyncItem {
  readonly image: SyncImage;
  readonly target: SyncTarget;
}

/** @throws MirrorError `request-invalid`: two images for one target, or no name for one */
export function planItems(
  images: readonly SyncImage[],
  destination: SyncDestination,
  naming: SyncNaming,
): readonly SyncItem[] {
  const items = images.map((image) => ({ image, target: targetOf(image, destination, naming) }));
  const taken = new Map<string, string>();
  const clashes: string[] = [];
  for (const { image, target } of items) {
    const other = taken.get(target.label);
    if (other !== undefined) clashes.push(`${other} and ${image.label} → ${target.label}`);
    taken.set(target.label, image.label);
  }
  if (clashes.length === 0) return items;
  throw mirrorError('request-invalid', 'several images would get the same name', {
    clashes: clashes.join('; '),
    hint: 'use --scoped, which keeps the whole name',
  });
}
