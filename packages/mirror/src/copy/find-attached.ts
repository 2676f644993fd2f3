// What is attached to a manifest without being part of it: its referrers, and cosign's tags.
import type { Digest, Reference, Tag } from '@portolan/oci';
import { cosignTagsOf } from '../names/attached-tags.ts';
import type { Walk } from './walk.ts';

export interface Attached {
  readonly digest: Digest;
  /** Cosign's tag; undefined for a referrer. */
  readonly tag: Tag | undefined;
}

/** To any of the subjects, as the source has it now. */
export async function findAttached(walk: Walk, subjects: readonly Digest[]): Promise<Attached[]> {
  const found: Attached[] = [];
  await walk.each(subjects, walk.request.blobsAtOnce, async (subject) => {
    found.push(...(await findReferrers(walk, subject)), ...(await findCosignTags(walk, subject)));
  });
  return found;
}

async function findReferrers(walk: Walk, subject: Digest): Promise<readonly Attached[]> {
  const { request, signal } = walk;
  const { source, tagsAtSource } = request;
  const referrers = await walk.slots(() => source.referrers(subject, signal, tagsAtSource));
  return referrers.map(({ digest }) => ({ digest, tag: undefined }));
}

async function findCosignTags(walk: Walk, subject: Digest): Promise<readonly Attached[]> {
  const { request, signal } = walk;
  const { source, tagsAtSource } = request;
  const found: Attached[] = [];
  for (const tag of cosignTagsOf(subject)) {
    if (tagsAtSource?.has(tag) === false) continue;
    const reference: Reference = { kind: 'tag', tag };
    const head = await walk.slots(() => source.head(reference, signal));
    if (head !== undefined) found.push({ digest: head.digest, tag });
  }
  return found;
}
