// Requests and bytes a second, spaced evenly, and the pauses that an upstream asks for. What one
// request has learnt ("429, come back in 20 seconds") holds for all requests of the client.
import type { Clock } from '@portolan/storage';

export type Sleep = (ms: number, signal: AbortSignal) => Promise<void>;

export interface RateLimit {
  /** Waits until the next request may go out. */
  request(signal: AbortSignal): Promise<void>;
  /** Waits as long as these bytes should have taken. */
  bytes(count: number, signal: AbortSignal): Promise<void>;
  /** No request before that time. */
  holdUntil(at: number): void;
}

export interface RateLimitDeps {
  readonly requestsPerSecond: number | undefined;
  readonly bytesPerSecond: number | undefined;
  readonly clock: Clock;
  readonly sleep: Sleep;
}

/** Below this a timer costs more than it brings. */
const SHORTEST_SLEEP_MS = 20;

export function createRateLimit(deps: RateLimitDeps): RateLimit {
  const { requestsPerSecond, bytesPerSecond, clock, sleep } = deps;
  let nextRequestAt = 0;
  let nextByteAt = 0;
  let heldUntil = 0;
  return {
    async request(signal) {
      const now = clock();
      const at = Math.max(now, nextRequestAt, heldUntil);
      if (requestsPerSecond !== undefined) nextRequestAt = at + 1000 / requestsPerSecond;
      if (at > now) await sleep(at - now, signal);
    },
    async bytes(count, signal) {
      if (bytesPerSecond === undefined) return;
      const now = clock();
      nextByteAt = Math.max(now, nextByteAt) + (count * 1000) / bytesPerSecond;
      const waitMs = nextByteAt - now;
      if (waitMs >= SHORTEST_SLEEP_MS) await sleep(waitMs, signal);
    },
    holdUntil(at) {
      heldUntil = Math.max(heldUntil, at);
    },
  };
}
