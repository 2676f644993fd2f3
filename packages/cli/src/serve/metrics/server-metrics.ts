// What a server tells once, not in each of its workers: the jobs, the store, and itself; and the sum of all
// its processes.
import type { Storage } from '@portolan/storage';
import { Counter, Gauge, type Registry } from 'prom-client';
import type { ServeRole } from '../../config/serve-settings.ts';
import type { ObserveJob } from '../jobs/jobs.ts';
import { type ReadAuthority, watchAuthority } from './certificate-metrics.ts';
import { watchContent } from './content-metrics.ts';
import { createCrewSnapshots, type CrewMember } from './crew-snapshots.ts';
import { createJobMetrics } from './job-metrics.ts';
import { createMirrorMetrics, type ObserveMirrorRun } from './mirror-metrics.ts';
import type { ProcessMetrics } from './process-metrics.ts';

export interface ServerMetricsDeps {
  /** Of this process, which is the only one or the primary. */
  readonly process: ProcessMetrics;
  readonly role: ServeRole;
  readonly storage: Storage;
  readonly diskFloorBytes: number;
  readonly version: string;
  readonly clock: () => number;
  readonly readAuthority: ReadAuthority;
}

export interface ServerMetrics {
  /** Undefined where there is no such job: at the token service alone. */
  readonly observeJob: ObserveJob | undefined;
  readonly observeMirrorRun: ObserveMirrorRun | undefined;
  readonly countRestart: () => void;
  readonly addWorker: (worker: CrewMember) => void;
  /** Of all processes, in Prometheus' format. */
  readonly scrape: () => Promise<string>;
}

function tellOfItself(registry: Registry, version: string): Counter {
  const registers = [registry];
  const build = new Gauge({
    name: 'portolan_build_info',
    help: 'Always 1; the version that runs is its label.',
    labelNames: ['version'],
    registers,
  });
  build.set({ version }, 1);
  return new Counter({
    name: 'worker_restarts_total',
    help: 'Workers that died and were replaced.',
    registers,
  });
}

export function createServerMetrics(deps: ServerMetricsDeps): ServerMetrics {
  const { process, role, storage, version } = deps;
  const { prometheus } = process;
  const restarts = tellOfItself(prometheus, version);
  const hasContent = role !== 'auth';
  watchAuthority(prometheus, deps.readAuthority);
  if (hasContent) watchContent(prometheus, deps);
  const crew = createCrewSnapshots({ own: () => process.snapshot() });
  return {
    observeJob: hasContent ? createJobMetrics(prometheus) : undefined,
    observeMirrorRun: hasContent ? createMirrorMetrics(prometheus, storage) : undefined,
    countRestart: () => restarts.inc(),
    addWorker: (worker) => crew.add(worker),
    scrape: () => crew.scrape(),
  };
}
