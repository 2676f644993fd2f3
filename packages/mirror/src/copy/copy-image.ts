// The one copy routine: children and blobs before their manifest, the tag last, every byte compared
// with its digest. What the sink already has is neither fetched nor sent.
import type { Digest, Reference, Tag } from '@portolan/oci';
import type { SinkRepository, SourceRepository } from '../places/place.ts';

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
  /** Also what refers to the image: referrers, and cosign's tags `sha256-<hex>.sig|.att|.sbom`. */
  readonly withReferrers: boolean;
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
