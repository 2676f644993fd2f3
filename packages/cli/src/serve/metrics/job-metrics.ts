// What the jobs have done: collection, as each of its runs ends.
import { Counter, Histogram, type Registry } from 'prom-client';
import { COLLECT_JOB } from '../jobs/jobs-of-role.ts';
import type { ObserveJob } from '../jobs/jobs.ts';

/** What a report of collection counts, by the name of what is gone. */
const KINDS = {
  expiredUploads: 'upload',
  manifests: 'manifest',
  links: 'link',
  blobs: 'blob',
  orphanFiles: 'orphan_file',
} as const;

const SECONDS = [0.01, 0.1, 0.5, 1, 5, 10, 60, 300, 1800, 3600];

function numberIn(report: object | undefined, name: string): number {
  const value: unknown = report === undefined ? 0 : Reflect.get(report, name);
  return typeof value === 'number' ? value : 0;
}

export function createJobMetrics(registry: Registry): ObserveJob {
  const registers = [registry];
  const runs = new Counter({
    name: 'gc_runs_total',
    help: 'Runs of garbage collection, by outcome: ok or failed.',
    labelNames: ['outcome'],
    registers,
  });
  const removed = new Counter({
    name: 'gc_removed_total',
    help: 'What garbage collection has removed, by kind.',
    labelNames: ['kind'],
    registers,
  });
  const freed = new Counter({
    name: 'gc_freed_bytes_total',
    help: 'Bytes that garbage collection has freed.',
    registers,
  });
  const seconds = new Histogram({
    name: 'gc_duration_seconds',
    help: 'Time that a run of garbage collection takes.',
    buckets: SECONDS,
    registers,
  });
  // A counter that appears only with its first event hides that event from `increase()`.
  for (const outcome of ['ok', 'failed']) runs.inc({ outcome }, 0);
  for (const kind of Object.values(KINDS)) removed.inc({ kind }, 0);
  return ({ job, isOk, durationMs, report }) => {
    if (job !== COLLECT_JOB) return;
    runs.inc({ outcome: isOk ? 'ok' : 'failed' });
    seconds.observe(durationMs / 1000);
    freed.inc(numberIn(report, 'bytes'));
    for (const [name, kind] of Object.entries(KINDS)) {
      removed.inc({ kind }, numberIn(report, name));
    }
  };
}
