// Trying again: what may be repeated without harm, when the failure is one that passes. Exponential
// with full jitter, or as long as the upstream asks for, up to a cap; beyond it the caller decides.
import { DomainError } from '@portolan/oci';
import type { Clock } from '@portolan/storage';
import type { ClientLimits } from './limits.ts';
import { isPassing } from './network-error.ts';
import type { Sleep } from './rate-limit.ts';

export interface RetryDeps {
  readonly clock: Clock;
  readonly random: () => number;
  readonly sleep: Sleep;
  readonly limits: ClientLimits;
}

export type Retrying = <T>(attempt: () => Promise<T>, signal: AbortSignal) => Promise<T>;

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 30_000;
/** What a jittered delay never falls below, so that a storm is not answered by one. */
const SHARE_FIXED = 0.25;

/** How long to wait before the next attempt; undefined gives up. */
function delayAfter(error: unknown, failures: number, deps: RetryDeps): number | undefined {
  if (failures >= deps.limits.maxAttempts) return undefined;
  const isLimited = error instanceof DomainError && error.code === 'upstream-limited';
  if (!isLimited && !isPassing(error)) return undefined;
  const detail = error instanceof DomainError ? error.detail : {};
  const most = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (failures - 1));
  const jittered = most * (SHARE_FIXED + (1 - SHARE_FIXED) * deps.random());
  const { retryAt } = detail;
  // A pull limit that is used up lasts for hours, unless the upstream knows better.
  if (typeof retryAt !== 'number') return detail['isQuotaUsedUp'] === true ? undefined : jittered;
  const asked = retryAt - deps.clock();
  return asked > deps.limits.maxRetryAfterMs ? undefined : Math.max(asked, jittered);
}

export function createRetrying(deps: RetryDeps): Retrying {
  return async (attempt, signal) => {
    for (let failures = 1; ; failures++) {
      try {
        return await attempt();
      } catch (error) {
        signal.throwIfAborted();
        const delayMs = delayAfter(error, failures, deps);
        if (delayMs === undefined) throw error;
        await deps.sleep(delayMs, signal);
      }
    }
  };
}
