/** Back-off state of logins; rows, since any worker may see the next attempt. */
export interface LoginFailureStore {
  /** The latest `blocked_until` of the given keys, 0 when none is blocked. */
  blockedUntil(keys: readonly string[]): Promise<number>;
  /** Counts a failure under the key and blocks it for `backoffMs(failures)`. */
  recordFailure(key: string, backoffMs: (failures: number) => number): Promise<void>;
  clear(keys: readonly string[]): Promise<void>;
}
