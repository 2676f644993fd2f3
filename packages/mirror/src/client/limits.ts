// How much of an upstream's answer we take, and how long we wait for it (reliability S14, R2-19).

export interface ClientLimits {
  readonly maxManifestBytes: number;
  readonly maxTagPageBytes: number;
  readonly maxTags: number;
  /** Of one manifest. */
  readonly maxReferrers: number;
  readonly maxPages: number;
  readonly maxTokenBytes: number;
  readonly maxErrorBytes: number;
  readonly maxRedirects: number;
  /** From the request to the first byte of the answer. */
  readonly answerTimeoutMs: number;
  /** The same for a PUT: the last one of a large layer is silent while the registry hashes. */
  readonly commitTimeoutMs: number;
  /** A body must bring `minBytesPerSecond` over each such span in which we wait for it. */
  readonly progressWindowMs: number;
  readonly minBytesPerSecond: number;
  readonly maxAttempts: number;
  /** A `Retry-After` beyond this is for the caller to wait. */
  readonly maxRetryAfterMs: number;
}

export const CLIENT_LIMITS: ClientLimits = {
  maxManifestBytes: 4 * 1024 * 1024,
  // Registries that know no paging answer with all tags at once.
  maxTagPageBytes: 16 * 1024 * 1024,
  maxTags: 200_000,
  // More than an image may have of manifests in all.
  maxReferrers: 10_000,
  maxPages: 1000,
  maxTokenBytes: 64 * 1024,
  maxErrorBytes: 16 * 1024,
  maxRedirects: 5,
  answerTimeoutMs: 60_000,
  commitTimeoutMs: 15 * 60_000,
  progressWindowMs: 30_000,
  minBytesPerSecond: 1024,
  maxAttempts: 5,
  maxRetryAfterMs: 60_000,
};
