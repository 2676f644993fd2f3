// The one image of an index that `sync` copies without `--all`: that of this machine, or of the
// platform that was asked for, by the order in which containers/image looks for it.
import type { Digest, Reference } from '@portolan/oci';
import { MediaType, parseManifest } from '@portolan/oci';
import { childrenOf } from '../copy/index-children.ts';
import { mirrorError } from '../errors.ts';
import type { FetchedManifest, SourceRepository } from '../places/place.ts';
import { formatPlatform, type Platform } from '../selection/platform.ts';

export interface ChosenImage {
  readonly digest: Digest;
  readonly mediaType: string;
  /** It is one of an index, whose digest is another. */
  readonly isNarrowed: boolean;
}

const MAX_DEPTH = 4;
/** Newest first: a machine runs what was built for itself or for an older one. */
const VARIANTS: Readonly<Record<string, readonly string[]>> = {
  arm: ['v8', 'v7', 'v6', 'v5'],
  arm64: ['v8'],
};

function variantsFor({ architecture, variant }: Platform): readonly (string | undefined)[] {
  const known = VARIANTS[architecture] ?? [];
  if (variant === undefined) return [...known, undefined];
  const at = known.indexOf(variant);
  return at === -1 ? [variant, undefined] : [...known.slice(at), undefined];
}

/** @throws MirrorError `upstream-absent` */
function chooseChild(index: FetchedManifest, wanted: Platform): Digest {
  const children = childrenOf(index, parseManifest(index.body, index.mediaType));
  const ofMachine = children.filter(
    ({ platform }) => platform?.os === wanted.os && platform.architecture === wanted.architecture,
  );
  for (const variant of variantsFor(wanted)) {
    const match = ofMachine.find(({ platform }) => platform?.variant === variant);
    if (match !== undefined) return match.descriptor.digest;
  }
  const has = children.map(({ platform }) => platform).filter((known) => known !== undefined);
  throw mirrorError('upstream-absent', `there is no image for ${formatPlatform(wanted)}`, {
    has: has.map(formatPlatform).join(', '),
    hint: 'name another platform with --override-os and --override-arch, or take --all',
  });
}

/** Whether the head says enough. */
function isSettled(
  mediaType: string | undefined,
  platform: Platform | undefined,
): mediaType is string {
  if (mediaType === undefined || !MediaType.isManifest(mediaType)) return false;
  return platform === undefined || !MediaType.isIndex(MediaType.parse(mediaType));
}

function absent(source: SourceRepository, reference: Reference): never {
  const name = reference.kind === 'tag' ? `tag ${reference.tag}` : `manifest ${reference.digest}`;
  throw mirrorError('upstream-absent', `${source.name} has no ${name}`);
}

/**
 * What `reference` means for one platform; undefined takes it as it is. Asks for the head first, which
 * is free at Docker Hub, and for the manifest only when that says index, or nothing.
 * @throws MirrorError `upstream-absent`
 */
export async function chooseImage(
  source: SourceRepository,
  reference: Reference,
  platform: Platform | undefined,
  signal: AbortSignal,
): Promise<ChosenImage> {
  let at = reference;
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    const head = await source.head(at, signal);
    if (head === undefined) return absent(source, at);
    const { digest, mediaType } = head;
    if (isSettled(mediaType, platform)) return { digest, mediaType, isNarrowed: depth > 0 };
    const manifest = await source.manifest({ kind: 'digest', digest }, signal);
    if (manifest === undefined) return absent(source, at);
    const isIndex = MediaType.isIndex(MediaType.parse(manifest.mediaType));
    if (platform === undefined || !isIndex) {
      return { digest, mediaType: manifest.mediaType, isNarrowed: depth > 0 };
    }
    at = { kind: 'digest', digest: chooseChild(manifest, platform) };
  }
  throw mirrorError('upstream-corrupt', 'an index nests too deeply', { maxDepth: MAX_DEPTH });
}
