// One image, from the reference in its request down. In this order: which manifest the reference means (the
// root); whether the sink has it, and its tags, already; the root's content; what is attached to the root
// and to all below it; and last the root itself with its tags, so that a tag never stands before its
// content or its signatures.
import type { Digest } from '@portolan/oci';
import { mirrorError } from '../errors.ts';
import { bringAttached } from './bring-attached.ts';
import { bringContent, isComplete } from './bring-manifest.ts';
import { findAttached } from './find-attached.ts';
import { hasTags, putTagged } from './manifest-tags.ts';
import { readManifest, type ReadManifest } from './read-manifest.ts';
import type { Walk } from './walk.ts';

export interface CopiedRoot {
  readonly digest: Digest;
  readonly isUnchanged: boolean;
}

/** The root as the copy knows it once its content has been brought. */
interface Root extends ReadManifest {
  /** Without this copy's doing. */
  readonly isAtSink: boolean;
}

/** @throws MirrorError */
export async function copyRoot(walk: Walk): Promise<CopiedRoot> {
  const { request, tally } = walk;
  const { tags, isThorough } = request;
  const digest = await resolveReference(walk);
  const isTagged = await hasTags(walk, digest, tags);
  const isThere = isTagged && (tags.length > 0 || (await headAtSink(walk, digest)) !== undefined);
  if (isThere && isThorough !== true) return { digest, isUnchanged: true };

  const root = await bringContentOfRoot(walk, digest);
  if (request.withReferrers) await bringAllAttached(walk, root);
  if (!root.isAtSink || !isTagged) {
    await putTagged(walk, root, tags);
    tally.manifests++;
  }
  return { digest, isUnchanged: tally.manifests === 0 && tally.blobs === 0 };
}

/** A tag that moves from here on does no harm: all that follows asks by digest. */
async function resolveReference({ request, signal }: Walk): Promise<Digest> {
  const { source, reference } = request;
  if (reference.kind === 'digest') return reference.digest;
  const head = await source.head(reference, signal);
  if (head !== undefined) return head.digest;
  const { tag } = reference;
  throw mirrorError('upstream-absent', `${source.name} has no tag ${tag}`, { tag });
}

function headAtSink({ request, signal }: Walk, digest: Digest) {
  return request.sink.head({ kind: 'digest', digest }, signal);
}

async function bringContentOfRoot(walk: Walk, digest: Digest): Promise<Root> {
  const head = await headAtSink(walk, digest);
  const isAtSink = head !== undefined;
  const read = await readManifest(walk, digest, isAtSink);
  if (!isComplete(head)) await bringContent(walk, read, 0);
  walk.manifests.set(digest, Promise.resolve());
  return { ...read, isAtSink };
}

async function bringAllAttached(walk: Walk, root: Root): Promise<void> {
  const attached = await findAttached(walk, [...walk.manifests.keys()]);
  if (attached.length === 0) return;
  // A referrer may have the image as its child, which must be there first; its tags still wait.
  if (!root.isAtSink) await putTagged(walk, root, []);
  await bringAttached(walk, attached);
}
