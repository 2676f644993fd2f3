/** A bundle that was made here or taken in here. */
export interface BundleRecord {
  readonly id: string;
  readonly direction: 'export' | 'import';
  /** When it was made (ms), on the side that made it. */
  readonly madeAt: number;
  readonly recordedAt: number;
  /** Its `bundle.json`. */
  readonly manifest: Readonly<Record<string, unknown>>;
}

export interface BundleStore {
  record(bundle: Omit<BundleRecord, 'recordedAt'>, actor: string): Promise<void>;
  find(direction: 'export' | 'import', id: string): Promise<BundleRecord | undefined>;
  /** Newest first by `madeAt`. */
  list(direction: 'export' | 'import'): Promise<readonly BundleRecord[]>;
}
