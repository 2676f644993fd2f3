// One run of a rule at a time, among all processes: a lease row, renewed while the run goes on.
import type { LeaseStore } from '@portolan/storage';
import { setTimeout as delay } from 'node:timers/promises';

const RENEW_MS = 10_000;
/**
 * A killed run's lease outlives the claims of its uploads, so that whoever comes next can go on with
 * them.
 */
const LEASE_MS = 45_000;
const ASK_AGAIN_MS = 500;

/** After so long a killed run holds nobody up. */
export const LEASE_OF_THE_DEAD_MS = LEASE_MS + 2000;

export interface RunLease {
  readonly leases: LeaseStore;
  readonly ruleId: number;
  readonly holder: string;
  /** For another run to end, or to prove dead; 0 asks once. */
  readonly waitMs: number;
  /** Called when there is something to wait for. */
  readonly onWait?: () => void;
}

/** False when somebody else has it still after the wait. */
async function acquire(
  { leases, holder, waitMs, onWait }: RunLease,
  name: string,
  signal: AbortSignal,
): Promise<boolean> {
  if (await leases.acquire(name, holder, LEASE_MS)) return true;
  if (waitMs > 0) onWait?.();
  for (let waited = 0; waited < waitMs; waited += ASK_AGAIN_MS) {
    // Who gives up waiting does not get it either.
    await delay(ASK_AGAIN_MS, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return false;
    if (await leases.acquire(name, holder, LEASE_MS)) return true;
  }
  return false;
}

/**
 * Undefined when somebody else runs the rule.
 * @param work gets a signal that fires too when the lease is lost: a machine that slept for long
 */
export async function withRunLease<T>(
  lease: RunLease,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
  const { leases, ruleId, holder } = lease;
  const name = `mirror-rule:${ruleId}`;
  if (!(await acquire(lease, name, signal))) return undefined;
  const lost = new AbortController();
  const renew = async (): Promise<void> => {
    const isHeld = await leases.acquire(name, holder, LEASE_MS);
    if (!isHeld) lost.abort(new Error('another process has taken over the rule'));
  };
  // A failed renewal, of a busy database, has time for another try.
  const renewal = setInterval(() => void renew().catch(() => undefined), RENEW_MS);
  try {
    return await work(AbortSignal.any([signal, lost.signal]));
  } finally {
    clearInterval(renewal);
    await leases.release(name, holder);
  }
}
