// What one copy carries along: what has been brought already, what it cost, and the signal that ends
// all of it at the first failure.
import type { Digest } from '@portolan/oci';
import { createSlots, forEachAtMost, type Slots } from './at-most.ts';
import type { CopyRequest } from './copy-request.ts';
import type { RecentManifests } from './recent-manifests.ts';
import type { Transfers } from './transfers.ts';

export interface CopyTally {
  manifests: number;
  blobs: number;
  bytes: number;
}

/** What all copies of one copier have in common. */
export interface CopyShare {
  readonly transfers: Transfers;
  readonly recent: RecentManifests;
  /** Blobs under way at once, of all copies: each has its bytes in memory. */
  readonly blobSlots: Slots;
}

export interface Walk {
  readonly request: CopyRequest;
  readonly share: CopyShare;
  /** Fires with the request's signal and with the first failure. */
  readonly signal: AbortSignal;
  readonly slots: Slots;
  readonly tally: CopyTally;
  /** Manifests, those among them that the sink had. A promise, since two parents may share a child. */
  readonly manifests: Map<Digest, Promise<void>>;
  readonly blobs: Map<Digest, Promise<void>>;
  each<T>(items: readonly T[], width: number, work: (item: T) => Promise<void>): Promise<void>;
}

export function createWalk(request: CopyRequest, share: CopyShare): Walk {
  const failure = new AbortController();
  return {
    request,
    share,
    signal: AbortSignal.any([request.signal, failure.signal]),
    slots: createSlots(request.blobsAtOnce),
    tally: { manifests: 0, blobs: 0, bytes: 0 },
    manifests: new Map(),
    blobs: new Map(),
    each: (items, width, work) =>
      forEachAtMost(items, width, async (item) => {
        try {
          await work(item);
        } catch (error) {
          failure.abort(error);
          throw error;
        }
      }),
  };
}
