// What the mirror has done. Counted are the runs of this server; when a rule was last well and what an
// upstream still allows is read from the database, and so holds over restarts and for `mirror sync`, too.
import type { ImageStatus, RunReport } from '@portolan/mirror';
import type { MirrorRunStore, UpstreamStore } from '@portolan/storage';
import { Counter, type Registry } from 'prom-client';
import { addAskedGauge } from './asked-gauge.ts';

export type ObserveMirrorRun = (report: RunReport) => void;

export interface MirrorMetricsStores {
  readonly mirrorRuns: Pick<MirrorRunStore, 'lastSuccesses'>;
  readonly upstreams: Pick<UpstreamStore, 'list'>;
}

/** Rules and upstreams that get a time series of their own: the first by name. */
const MAX_NAMED = 500;

const STATUSES: readonly ImageStatus[] = [
  'copied',
  'unchanged',
  'fresh',
  'missing',
  'vanished',
  'failed',
  'skipped',
];
const OUTCOMES: readonly RunReport['outcome'][] = ['ok', 'partial', 'failed', 'limited', 'busy'];

function watchRules(registry: Registry, { mirrorRuns }: MirrorMetricsStores): void {
  addAskedGauge(registry, {
    name: 'sync_last_success_timestamp_seconds',
    help: `When a rule last had all that it names; the first ${MAX_NAMED} rules by destination.`,
    labelNames: ['rule'],
    async ask(gauge) {
      const successes = await mirrorRuns.lastSuccesses(MAX_NAMED).catch(() => []);
      gauge.reset();
      for (const { destination, endedAt } of successes) {
        gauge.set({ rule: destination }, endedAt / 1000);
      }
    },
  });
}

function watchUpstreams(registry: Registry, { upstreams }: MirrorMetricsStores): void {
  addAskedGauge(registry, {
    name: 'upstream_ratelimit_remaining',
    help: `Pulls that an upstream allows until its limit, as it last said; the first ${MAX_NAMED} by name.`,
    labelNames: ['upstream'],
    async ask(gauge) {
      const records = await upstreams.list().catch(() => []);
      gauge.reset();
      for (const { host, quota } of records.slice(0, MAX_NAMED)) {
        const remaining = quota?.['remaining'];
        if (typeof remaining === 'number') gauge.set({ upstream: host }, remaining);
      }
    },
  });
}

export function createMirrorMetrics(
  registry: Registry,
  stores: MirrorMetricsStores,
): ObserveMirrorRun {
  const registers = [registry];
  const runs = new Counter({
    name: 'sync_runs_total',
    help: 'Runs of mirror rules by this server, by outcome.',
    labelNames: ['outcome'],
    registers,
  });
  const images = new Counter({
    name: 'sync_images_total',
    help: 'Images that those runs looked at, by what became of them.',
    labelNames: ['outcome'],
    registers,
  });
  const bytes = new Counter({
    name: 'sync_bytes_total',
    help: 'Bytes that those runs fetched.',
    registers,
  });
  for (const outcome of OUTCOMES) runs.inc({ outcome }, 0);
  for (const outcome of STATUSES) images.inc({ outcome }, 0);
  watchRules(registry, stores);
  watchUpstreams(registry, stores);
  return (report) => {
    runs.inc({ outcome: report.outcome });
    bytes.inc(report.bytes);
    for (const [outcome, count] of Object.entries(report.counts)) images.inc({ outcome }, count);
  };
}
