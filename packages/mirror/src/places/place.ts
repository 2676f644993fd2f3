// Where images are. Copying knows two faces of a repository and nothing of what stands behind: a
// registry, our own store, a directory or a bundle.
import type { Descriptor, Digest, Reference, Tag } from '@portolan/oci';

export interface ManifestHead {
  readonly digest: Digest;
  /** As the place states it; undefined when it does not. */
  readonly mediaType: string | undefined;
  /** Bytes. */
  readonly size: number | undefined;
}

/** The exact bytes; `digest` has been compared with them. */
export interface FetchedManifest {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly body: Buffer;
}

/** A repository to read from. Every method throws MirrorError `upstream-…` or `egress-refused`. */
export interface SourceRepository {
  /** For people and reports: `docker.io/library/busybox`, or a path. */
  readonly name: string;
  tags(signal: AbortSignal): Promise<readonly Tag[]>;
  /** Costs no quota where that is possible. Undefined when absent. */
  head(reference: Reference, signal: AbortSignal): Promise<ManifestHead | undefined>;
  /** Undefined when absent. */
  manifest(reference: Reference, signal: AbortSignal): Promise<FetchedManifest | undefined>;
  /** The bytes from `start` on; whoever reads them compares size and digest. */
  blob(
    descriptor: Descriptor,
    start: number,
    signal: AbortSignal,
  ): Promise<AsyncIterable<Uint8Array>>;
  /**
   * Referrers API, or the fallback tag `<alg>-<hex>`; empty when there is neither.
   * @param tags all there are, when they are known: a fallback tag that is not among them is not asked for
   * @param onRequest told of each request that this costs; often it costs none
   */
  referrers(
    subject: Digest,
    signal: AbortSignal,
    tags?: ReadonlySet<string>,
    onRequest?: () => void,
  ): Promise<readonly Descriptor[]>;
}

/** Opens the source's bytes from an offset; may be called again to go on after an interruption. */
export type OpenBlob = (start: number) => Promise<AsyncIterable<Uint8Array>>;

/** A repository to write to. */
export interface SinkRepository {
  readonly name: string;
  head(reference: Reference, signal: AbortSignal): Promise<ManifestHead | undefined>;
  /**
   * Reads back what is there, where that can be done: then a tag that moves to a manifest which the
   * place has already costs its upstream no pull.
   */
  manifest?(reference: Reference, signal: AbortSignal): Promise<FetchedManifest | undefined>;
  /**
   * Whether the manifest is there, and will be for a while without a tag. Where untagged content is
   * collected, `head` promises only the first.
   */
  keep?(digest: Digest, signal: AbortSignal): Promise<boolean>;
  /**
   * Whether the blob need not be sent: it is in this repository, or the place has it elsewhere and has
   * now made it available here (link, mount).
   */
  hasBlob(descriptor: Descriptor, signal: AbortSignal): Promise<boolean>;
  /**
   * Takes the bytes, compares size and digest, and keeps nothing under the digest's name when they
   * differ (`upstream-corrupt`). Goes on from what an earlier, interrupted call has left.
   */
  putBlob(descriptor: Descriptor, open: OpenBlob, signal: AbortSignal): Promise<void>;
  /** The manifest, and then the tags that shall point at it; everything it needs is there already. */
  putManifest(manifest: FetchedManifest, tags: readonly Tag[], signal: AbortSignal): Promise<void>;
}
