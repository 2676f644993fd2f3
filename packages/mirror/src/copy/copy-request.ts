// What is to be copied, and what has come of it.
import type { Digest, Reference, Tag } from '@portolan/oci';
import type { SinkRepository, SourceRepository } from '../places/place.ts';
import type { Platform } from '../selection/platform.ts';

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
