// Tags that belong to an image and are none themselves: cosign's, which carry signatures, attestations and
// SBOMs in registries that know no referrers, and the fallback tag with its index of referrers.
import { Digest, Tag } from '@portolan/oci';

const COSIGN_SUFFIXES = ['sig', 'att', 'sbom'] as const;
const ATTACHED_TAG = /^sha(?:256|512)-[0-9a-f]{64,128}(?:\.(?:sig|att|sbom))?$/;

/** They come along with their image. */
export function isAttachedTag(tag: string): boolean {
  return ATTACHED_TAG.test(tag);
}

/** As cosign names them; those of a long digest are no tags. */
export function cosignTagsOf(subject: Digest): readonly Tag[] {
  const stem = `${Digest.algorithm(subject)}-${Digest.hex(subject)}`;
  return COSIGN_SUFFIXES.map((suffix) => Tag.find(`${stem}.${suffix}`)).filter(
    (tag) => tag !== undefined,
  );
}
