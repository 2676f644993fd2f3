/** Jobs that must run once among all processes hold a lease row. */
export interface LeaseStore {
  /** True when `holder` has the lease until now + `ttlMs`: it was free, expired or already its own. */
  acquire(name: string, holder: string, ttlMs: number): Promise<boolean>;
  release(name: string, holder: string): Promise<void>;
}
