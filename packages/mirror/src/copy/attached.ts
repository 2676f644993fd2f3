// What is attached to a manifest without being part of it: its referrers, and cosign's tags.
import type { Digest, Reference, Tag } from '@portolan/oci';
import { cosignTagsOf } from '../names/attached-tags.ts';
import type { Walk } from './walk.ts';

export interface Attached {
  readonly digest: Digest;
  /** Cosign's tag; undefined for a referrer. */
  readonly tag: Tag | undefined;
}

/** Of one manifest; both kinds, as the source has them now. */
export async function findAttached(walk: Walk, subject: Digest): Promise<readonly Attached[]> {
  const { request, signal } = walk;
  const { source } = request;
  const referrers = await walk.slots(() => source.referrers(subject, signal, request.tagsAtSource));
  const found: Attached[] = referrers.map(({ digest }) => ({ digest, tag: undefined }));
  for (const tag of cosignTagsOf(subject)) {
    if (request.tagsAtSource?.has(tag) === false) continue;
    const reference: Reference = { kind: 'tag', tag };
    const head = await walk.slots(() => source.head(reference, signal));
    if (head !== undefined) found.push({ digest: head.digest, tag });
  }
  return found;
}
