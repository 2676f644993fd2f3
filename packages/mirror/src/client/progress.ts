// The progress rule: no limit on the whole time, but so many bytes a second over each window. Only
// time in which we wait for the upstream counts: a slow disk or a bandwidth limit is not its fault.
import type { ClientLimits } from './limits.ts';

export interface ProgressWatch {
  took(bytes: number): void;
  /** We ask for more. */
  waits(): void;
  end(): void;
}

export function watchProgress(
  { progressWindowMs, minBytesPerSecond }: ClientLimits,
  onStall: () => void,
): ProgressWatch {
  const needed = (minBytesPerSecond * progressWindowMs) / 1000;
  let bytes = 0;
  let waitedMs = 0;
  let waitsSince: number | undefined = performance.now();

  const settle = () => {
    const now = performance.now();
    if (waitsSince !== undefined) waitedMs += now - waitsSince;
    return now;
  };
  const judge = () => {
    const now = settle();
    if (waitsSince !== undefined) waitsSince = now;
    if (waitedMs < progressWindowMs) return;
    if (bytes < needed) onStall();
    bytes = 0;
    waitedMs = 0;
  };
  const timer = setInterval(judge, progressWindowMs / 10);
  timer.unref();
  return {
    took(count) {
      settle();
      waitsSince = undefined;
      bytes += count;
    },
    waits() {
      waitsSince = performance.now();
    },
    end: () => clearInterval(timer),
  };
}
