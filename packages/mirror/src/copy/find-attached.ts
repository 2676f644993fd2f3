// What is attached to a manifest without being part of it: its referrers, and cosign's tags.
import type { Digest, Reference, Tag } from '@portolan/oci';
import { cosignTagsOf } from '../names/attached-tags.ts';
import type { Slots } from './at-most.ts';
import type { CopyRequest } from './copy-request.ts';
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

/** To any of the subjects, as the source has it now. */
export async function findAttached(walk: Walk, subjects: readonly Digest[]): Promise<Attached[]> {
  const found: Attached[] = [];
  await walk.each(subjects, walk.request.blobsAtOnce, async (subject) => {
    found.push(...(await findAttachedTo(walk, subject)));
  });
  return found;
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
