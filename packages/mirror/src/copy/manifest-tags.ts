// A manifest's tags at the sink.
import type { Digest, Tag } from '@portolan/oci';
import type { ReadManifest } from './read-manifest.ts';
import type { Walk } from './walk.ts';

/** Whether every one of the tags points at it already. */
export async function hasTags(
  { request, signal }: Walk,
  digest: Digest,
  tags: readonly Tag[],
): Promise<boolean> {
  for (const tag of tags) {
    const head = await request.sink.head({ kind: 'tag', tag }, signal);
    if (head?.digest !== digest) return false;
  }
  return true;
}

/** The manifest, all of whose content is there, and then the tags. */
export async function putTagged(
  { request, signal }: Walk,
  { fetched }: ReadManifest,
  tags: readonly Tag[],
): Promise<void> {
  signal.throwIfAborted();
  await request.sink.putManifest(fetched, tags, signal);
}
