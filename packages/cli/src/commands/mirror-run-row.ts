// A run of a rule as programs get it, the same from `mirror sync`, its events and `mirror log`: counts beside
// the other facts, times in RFC 3339, null for what there is none of.
import { formatBytes } from '../terminal/format-bytes.ts';
import { optionalTimestamp, timestamp } from './timestamp.ts';

export interface RunFacts {
  readonly startedAt: number;
  readonly endedAt: number | undefined;
  readonly retryAt?: number | undefined;
  readonly counts?: Readonly<Record<string, number>>;
  readonly bytes?: number;
  readonly listed?: number | undefined;
  readonly error?: unknown;
}

export function runRow(run: RunFacts): Readonly<Record<string, unknown>> {
  const { counts, startedAt, endedAt, retryAt, bytes, ...facts } = run;
  const span = endedAt === undefined ? undefined : endedAt - startedAt;
  return {
    ...facts,
    ...counts,
    listed: run.listed ?? null,
    error: run.error ?? null,
    bytes: bytes ?? null,
    size: bytes === undefined ? null : formatBytes(bytes),
    seconds: span === undefined ? null : Math.round(span / 100) / 10,
    startedAt: timestamp(startedAt),
    endedAt: optionalTimestamp(endedAt),
    retryAt: optionalTimestamp(retryAt),
  };
}
