// The images that a rule means at this moment: its selection, over the tags that the upstream has.
import { Digest, type Reference, Tag } from '@portolan/oci';
import type { SourceRepository } from '../places/place.ts';
import type { RuleSettings } from '../rules/rule-settings.ts';
import type { Narrowing } from '../rules/select-rules.ts';
import { compileSelection, needsListing } from '../selection/tag-selection.ts';

export interface RuleImage {
  /** Under which it stands here, and in the rule's state. */
  readonly tag: Tag;
  readonly reference: Reference;
}

export interface RuleImages {
  readonly images: readonly RuleImage[];
  /** Tags that are listed in the rule and not at the upstream, where a listing has said so. */
  readonly missing: readonly Tag[];
  /** Every tag there; undefined when no listing was needed. */
  readonly all: ReadonlySet<Tag> | undefined;
}

/** Content without a tag is collected one day, so an image that is chosen by digest gets one. */
export function tagOfDigest(digest: Digest): Tag {
  return Tag.parse(`${Digest.algorithm(digest)}.${Digest.hex(digest).slice(0, 64)}`);
}

function ofTag(tag: Tag): RuleImage {
  return { tag, reference: { kind: 'tag', tag } };
}

function ofDigest(digest: Digest): RuleImage {
  return { tag: tagOfDigest(digest), reference: { kind: 'digest', digest } };
}

export async function findImages(
  source: SourceRepository,
  settings: RuleSettings,
  signal: AbortSignal,
): Promise<RuleImages> {
  const byDigest = (settings.digests ?? []).map(ofDigest);
  if (!needsListing(settings)) {
    const listed = [...new Set(settings.tags)].map(ofTag);
    return { images: [...listed, ...byDigest], missing: [], all: undefined };
  }
  const all = await source.tags(signal);
  const { tags, missing } = compileSelection(settings)(all);
  return { images: [...tags.map(ofTag), ...byDigest], missing, all: new Set(all) };
}

/** Those that are meant; what else the listing said stays known. */
export function narrowImages(found: RuleImages, isMeant: Narrowing | undefined): RuleImages {
  if (isMeant === undefined) return found;
  return {
    images: found.images.filter(isMeant),
    missing: found.missing.filter((tag) => isMeant({ tag })),
    all: found.all,
  };
}
