// One run of a rule at a time, among all processes: a lease row, renewed while the run goes on.
import type { LeaseStore } from '@portolan/storage';

const LEASE_MS = 60_000;

export interface RunLease {
  readonly leases: LeaseStore;
  readonly ruleId: number;
  readonly holder: string;
}

/**
 * Undefined when somebody else runs the rule.
 * @param work gets a signal that fires too when the lease is lost: a machine that slept for long
 */
export async function withRunLease<T>(
  { leases, ruleId, holder }: RunLease,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
  const name = `mirror-rule:${ruleId}`;
  if (!(await leases.acquire(name, holder, LEASE_MS))) return undefined;
  const lost = new AbortController();
  const renew = async (): Promise<void> => {
    const isHeld = await leases.acquire(name, holder, LEASE_MS);
    if (!isHeld) lost.abort(new Error('another process has taken over the rule'));
  };
  // A failed renewal, of a busy database, has time for another try.
  const renewal = setInterval(() => void renew().catch(() => undefined), LEASE_MS / 3);
  try {
    return await work(AbortSignal.any([signal, lost.signal]));
  } finally {
    clearInterval(renewal);
    await leases.release(name, holder);
  }
}
