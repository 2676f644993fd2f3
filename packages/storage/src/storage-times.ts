/** How long things hold, in milliseconds. */
export interface StorageTimes {
  /** A fresh link or untagged manifest is kept so long without a reference. */
  readonly leaseMs: number;
  /** An upload without progress goes away after this. */
  readonly uploadIdleMs: number;
  /** Files without a row go away after this. */
  readonly orphanFileMs: number;
}
