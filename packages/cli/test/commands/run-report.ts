// What a run of a rule reports that found one image and had nothing to do.
import type { ImageStatus, RunReport } from '@portolan/mirror';

export const NO_COUNTS: Readonly<Record<ImageStatus, number>> = {
  copied: 0,
  unchanged: 0,
  fresh: 0,
  missing: 0,
  vanished: 0,
  failed: 0,
  skipped: 0,
};

export function reportOf(changes: Partial<RunReport>): RunReport {
  return {
    source: 'docker.io/library/busybox',
    destination: 'docker.io/library/busybox',
    outcome: 'ok',
    counts: { ...NO_COUNTS, unchanged: 1 },
    bytes: 0,
    requests: 0,
    pulls: 0,
    startedAt: 0,
    endedAt: 0,
    listed: 1,
    isThorough: false,
    isInterrupted: false,
    isNarrowed: false,
    retryAt: undefined,
    error: undefined,
    errors: [],
    ...changes,
  };
}
