// Garbage collection, online: leases, review queues, small transactions (reference §4.5).

export interface CollectionReport {
  readonly expiredUploads: number;
  readonly manifests: number;
  readonly links: number;
  readonly blobs: number;
  /** Files without a row, older than a day. */
  readonly orphanFiles: number;
  /** Bytes freed. */
  readonly bytes: number;
}

export interface Collector {
  /** Does what is due now, in small steps; stops early when aborted. */
  run(signal: AbortSignal): Promise<CollectionReport>;
}
