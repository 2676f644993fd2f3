// The one copy routine: children and blobs before their manifest, the tag last, every byte compared
// with its digest. What the sink already has is neither fetched nor sent.
import type { CopyRequest, CopyResult } from './copy-request.ts';
import { copyRoot } from './copy-root.ts';
import { createRecentManifests } from './recent-manifests.ts';
import { createSlots } from './at-most.ts';
import { createTransfers } from './transfers.ts';
import { createWalk, type CopyShare } from './walk.ts';

/** With any number of images and upstreams, memory has a bound. */
const MOST_BLOBS_AT_ONCE = 8;

/** Copies by one copier share their transfers: content is fetched once, whoever wants it. */
export interface Copier {
  /** @throws MirrorError, or the signal's reason */
  copy(request: CopyRequest): Promise<CopyResult>;
}

async function copyWith(share: CopyShare, request: CopyRequest): Promise<CopyResult> {
  request.signal.throwIfAborted();
  const walk = createWalk(request, share);
  const { digest, isUnchanged } = await copyRoot(walk);
  const { manifests, blobs, bytes } = walk.tally;
  return { digest, isUnchanged, manifests, blobs, bytes };
}

export function createCopier(): Copier {
  const share = {
    transfers: createTransfers(),
    recent: createRecentManifests(),
    blobSlots: createSlots(MOST_BLOBS_AT_ONCE),
  };
  return { copy: (request) => copyWith(share, request) };
}

/** One image by itself. */
export function copyImage(request: CopyRequest): Promise<CopyResult> {
  return createCopier().copy(request);
}
