// The one copy routine: children and blobs before their manifest, the tag last, every byte compared
// with its digest. What the sink already has is neither fetched nor sent.
import type { Digest, Reference, Tag } from '@portolan/oci';
import type { SinkRepository, SourceRepository } from '../places/place.ts';
import { copyRoot } from './copy-root.ts';
import { createRecentManifests } from './recent-manifests.ts';
import { createTransfers } from './transfers.ts';
import { createWalk, type CopyShare } from './walk.ts';

/** `os/architecture[/variant]`, such as `linux/arm/v7`. */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant: string | undefined;
}

/** Called as things happen; never awaited. */
export interface CopyProgress {
  blobStarted(digest: Digest, size: number): void;
  /** Bytes that came in for a blob. */
  bytes(digest: Digest, count: number): void;
  blobDone(digest: Digest): void;
}

export interface CopyRequest {
  readonly source: SourceRepository;
  readonly sink: SinkRepository;
  readonly reference: Reference;
  /** Tags at the sink; empty copies by digest only. */
  readonly tags: readonly Tag[];
  /** Only these children of an index, whose bytes stay as they are (sparse); undefined takes all. */
  readonly platforms: readonly Platform[] | undefined;
  /** Children that the source has left out itself; the index stays as sparse as it is there. */
  readonly omitted?: ReadonlySet<Digest>;
  /** Also what refers to the image: referrers, and cosign's tags `sha256-<hex>.sig|.att|.sbom`. */
  readonly withReferrers: boolean;
  /** Every tag of the source, when it has been listed: spares asking for cosign tags that are not there. */
  readonly tagsAtSource?: ReadonlySet<string>;
  /**
   * Looks below a manifest that the sink has already, and for its referrers: a platform may have been
   * added to the request, a signature to the image. Costs nothing upstream for what is here.
   */
  readonly isThorough?: boolean;
  readonly blobsAtOnce: number;
  readonly signal: AbortSignal;
  readonly progress: CopyProgress;
}

export interface CopyResult {
  /** Of the image at the source. */
  readonly digest: Digest;
  /** The sink had it already, with all its tags. */
  readonly isUnchanged: boolean;
  readonly manifests: number;
  readonly blobs: number;
  /** Bytes fetched. */
  readonly bytes: number;
}

/** Copies by one copier share their transfers: content is fetched once, whoever wants it. */
export interface Copier {
  /** @throws MirrorError, or the signal's reason */
  copy(request: CopyRequest): Promise<CopyResult>;
}

async function copyWith(share: CopyShare, request: CopyRequest): Promise<CopyResult> {
  request.signal.throwIfAborted();
  const walk = createWalk(request, share);
  const { digest, isUnchanged } = await copyRoot(walk, request.reference, request.tags);
  const { manifests, blobs, bytes } = walk.tally;
  return { digest, isUnchanged, manifests, blobs, bytes };
}

export function createCopier(): Copier {
  const share = { transfers: createTransfers(), recent: createRecentManifests() };
  return { copy: (request) => copyWith(share, request) };
}

/** One image by itself. */
export function copyImage(request: CopyRequest): Promise<CopyResult> {
  return createCopier().copy(request);
}
