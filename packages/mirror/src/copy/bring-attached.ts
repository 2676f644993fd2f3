// What is attached to an image, and what is attached to that: a signature may have its own.
import { bringManifest } from './bring-manifest.ts';
import { type Attached, findAttached, MAX_ATTACHED_ROUNDS } from './find-attached.ts';
import { hasTags, putTagged } from './manifest-tags.ts';
import { readManifest } from './read-manifest.ts';
import type { Walk } from './walk.ts';

/**
 * Round by round, each manifest being a subject once: a source that lists in circles comes to an end.
 * @param first what is attached to the manifests that the walk has until now
 */
export async function bringAttached(walk: Walk, first: readonly Attached[]): Promise<void> {
  const asked = new Set(walk.manifests.keys());
  let round = first;
  for (let count = 0; round.length > 0 && count < MAX_ATTACHED_ROUNDS; count++) {
    await walk.each(round, walk.request.blobsAtOnce, (attached) => bringOne(walk, attached));
    const subjects = [...walk.manifests.keys()].filter((digest) => !asked.has(digest));
    for (const subject of subjects) asked.add(subject);
    round = await findAttached(walk, subjects);
  }
}

async function bringOne(walk: Walk, { digest, tag }: Attached): Promise<void> {
  await bringManifest(walk, digest, 0);
  if (tag === undefined || (await hasTags(walk, digest, [tag]))) return;
  await putTagged(walk, await readManifest(walk, digest, true), [tag]);
  walk.tally.manifests++;
}
