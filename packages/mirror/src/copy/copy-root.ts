// An image from its reference down. Order at the sink: content, manifest, what is attached to it, and
// its tags at the very end, so that a tag never stands before its content or its signatures.
import type { Digest, Reference, Tag } from '@portolan/oci';
import { mirrorError } from '../errors.ts';
import { type Attached, findAttached } from './attached.ts';
import { bringContent, bringManifest, mayBeIndex } from './bring-manifest.ts';
import { readManifest, type ReadManifest } from './read-manifest.ts';
import type { Walk } from './walk.ts';

/** Referrers of referrers of … */
const MAX_ROUNDS = 8;

export interface CopiedRoot {
  readonly digest: Digest;
  readonly isUnchanged: boolean;
}

async function resolve({ request, signal }: Walk, reference: Reference): Promise<Digest> {
  if (reference.kind === 'digest') return reference.digest;
  const { source } = request;
  const head = await source.head(reference, signal);
  if (head !== undefined) return head.digest;
  const { tag } = reference;
  throw mirrorError('upstream-absent', `${source.name} has no tag ${tag}`, { tag });
}

/** Whether every tag points there already. */
async function isTagged({ request, signal }: Walk, digest: Digest, tags: readonly Tag[]) {
  for (const tag of tags) {
    const head = await request.sink.head({ kind: 'tag', tag }, signal);
    if (head?.digest !== digest) return false;
  }
  return true;
}

async function put(walk: Walk, { fetched }: ReadManifest, tags: readonly Tag[]): Promise<void> {
  const { request, signal } = walk;
  signal.throwIfAborted();
  await request.sink.putManifest(fetched, tags, signal);
}

async function bringAttached(walk: Walk, { digest, tag }: Attached): Promise<void> {
  await bringManifest(walk, digest, 0);
  if (tag === undefined || (await isTagged(walk, digest, [tag]))) return;
  await put(walk, await readManifest(walk, digest, true), [tag]);
  walk.tally.manifests++;
}

async function attachedTo(walk: Walk, subjects: readonly Digest[]): Promise<Attached[]> {
  const found: Attached[] = [];
  await walk.each(subjects, walk.request.blobsAtOnce, async (subject) => {
    for (const attached of await findAttached(walk, subject)) found.push(attached);
  });
  return found;
}

/** Round by round, each manifest being a subject once: a source that lists in circles comes to an end. */
async function bringAllAttached(walk: Walk, first: readonly Attached[]): Promise<void> {
  const asked = new Set(walk.manifests.keys());
  let round = first;
  for (let count = 0; round.length > 0 && count < MAX_ROUNDS; count++) {
    await walk.each(round, walk.request.blobsAtOnce, (attached) => bringAttached(walk, attached));
    const subjects = [...walk.manifests.keys()].filter((digest) => !asked.has(digest));
    for (const subject of subjects) asked.add(subject);
    round = await attachedTo(walk, subjects);
  }
}

interface Root {
  readonly digest: Digest;
  readonly tags: readonly Tag[];
  /** Its tags point at it already. */
  readonly isTagged: boolean;
}

async function bringRoot(walk: Walk, { digest, tags, isTagged: hasTags }: Root): Promise<void> {
  const { request, signal } = walk;
  const present = await request.sink.head({ kind: 'digest', digest }, signal);
  const read = await readManifest(walk, digest, present !== undefined);
  const isComplete = present !== undefined && !mayBeIndex(present.mediaType);
  if (!isComplete) await bringContent(walk, read, 0);
  walk.manifests.set(digest, Promise.resolve());
  const attached = request.withReferrers ? await attachedTo(walk, [...walk.manifests.keys()]) : [];
  const isPut = present !== undefined && hasTags;
  if (attached.length > 0) {
    // Without its tags: a referrer may have the image as its child.
    if (present === undefined) await put(walk, read, []);
    await bringAllAttached(walk, attached);
  }
  if (!isPut) {
    await put(walk, read, tags);
    walk.tally.manifests++;
  }
}

/** @throws MirrorError */
export async function copyRoot(
  walk: Walk,
  reference: Reference,
  tags: readonly Tag[],
): Promise<CopiedRoot> {
  const { request, signal, tally } = walk;
  const digest = await resolve(walk, reference);
  const hasTags = await isTagged(walk, digest, tags);
  const isThere =
    hasTags &&
    (tags.length > 0 ||
      (await request.sink.head({ kind: 'digest', digest }, signal)) !== undefined);
  if (isThere && request.isThorough !== true) return { digest, isUnchanged: true };
  await bringRoot(walk, { digest, tags, isTagged: hasTags });
  return { digest, isUnchanged: tally.manifests === 0 && tally.blobs === 0 };
}
