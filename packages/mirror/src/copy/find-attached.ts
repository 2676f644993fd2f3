// What is attached to a manifest without being part of it: its referrers, and cosign's tags.
import type { Digest, Reference, Tag } from '@portolan/oci';
import { cosignTagsOf } from '../names/attached-tags.ts';
import type { Slots } from './at-most.ts';
import type { CopyRequest } from './copy-request.ts';
import { checkManifestLimits } from './manifest-limits.ts';
import type { Walk } from './walk.ts';

export interface Attached {
  readonly digest: Digest;
  /** Cosign's tag; undefined for a referrer. */
  readonly tag: Tag | undefined;
}

/** Where to look; a plan does as a copy does. */
export interface AttachedSearch {
  readonly request: Pick<CopyRequest, 'source' | 'tagsAtSource'>;
  readonly signal: AbortSignal;
  readonly slots: Slots;
}

/** Referrers of referrers of … */
export const MAX_ATTACHED_ROUNDS = 8;

/**
 * To any of the subjects, as the source has it now, each once.
 * @throws MirrorError `upstream-corrupt` for more than can be brought
 */
export async function findAttached(
  walk: Walk,
  subjects: readonly Digest[],
): Promise<readonly Attached[]> {
  const found = new Map<string, Attached>();
  await walk.each(subjects, walk.request.blobsAtOnce, async (subject) => {
    for (const attached of await findAttachedTo(walk, subject)) {
      found.set(`${attached.digest} ${attached.tag ?? ''}`, attached);
    }
    // At once: each of many subjects may have as many as one may have.
    checkManifestLimits(found.size, 0);
  });
  return [...found.values()];
}

export async function findAttachedTo(
  search: AttachedSearch,
  subject: Digest,
): Promise<readonly Attached[]> {
  return [...(await findReferrers(search, subject)), ...(await findCosignTags(search, subject))];
}

async function findReferrers(
  { request, signal, slots }: AttachedSearch,
  subject: Digest,
): Promise<readonly Attached[]> {
  const { source, tagsAtSource } = request;
  const referrers = await slots(() => source.referrers(subject, signal, tagsAtSource));
  return referrers.map(({ digest }) => ({ digest, tag: undefined }));
}

async function findCosignTags(
  { request, signal, slots }: AttachedSearch,
  subject: Digest,
): Promise<readonly Attached[]> {
  const { source, tagsAtSource } = request;
  const found: Attached[] = [];
  for (const tag of cosignTagsOf(subject)) {
    if (tagsAtSource?.has(tag) === false) continue;
    const reference: Reference = { kind: 'tag', tag };
    const head = await slots(() => source.head(reference, signal));
    if (head !== undefined) found.push({ digest: head.digest, tag });
  }
  return found;
}
