// What is attached to a manifest without being part of it: its referrers, and cosign's tags, which
// carry signatures, attestations and SBOMs in registries that know no referrers.
import { Digest, type Reference, Tag } from '@portolan/oci';
import type { Walk } from './walk.ts';

export interface Attached {
  readonly digest: Digest;
  /** Cosign's tag; undefined for a referrer. */
  readonly tag: Tag | undefined;
}

const COSIGN_SUFFIXES = ['sig', 'att', 'sbom'] as const;
const ATTACHED_TAG = /^sha(?:256|512)-[0-9a-f]{64,128}(?:\.(?:sig|att|sbom))?$/;

/** Tags that come along with their image, or are an index of referrers, and are no image themselves. */
export function isAttachedTag(tag: string): boolean {
  return ATTACHED_TAG.test(tag);
}

function cosignTags({ request }: Walk, subject: Digest): Tag[] {
  const stem = `${Digest.algorithm(subject)}-${Digest.hex(subject)}`;
  const names = COSIGN_SUFFIXES.map((suffix) => Tag.find(`${stem}.${suffix}`));
  return names
    .filter((name) => name !== undefined)
    .filter((name) => request.tagsAtSource?.has(name) ?? true);
}

/** Of one manifest; both kinds, as the source has them now. */
export async function findAttached(walk: Walk, subject: Digest): Promise<readonly Attached[]> {
  const { request, signal } = walk;
  const { source } = request;
  const referrers = await walk.slots(() => source.referrers(subject, signal, request.tagsAtSource));
  const found: Attached[] = referrers.map(({ digest }) => ({ digest, tag: undefined }));
  for (const tag of cosignTags(walk, subject)) {
    const reference: Reference = { kind: 'tag', tag };
    const head = await walk.slots(() => source.head(reference, signal));
    if (head !== undefined) found.push({ digest: head.digest, tag });
  }
  return found;
}
