// What each process counts of its own work: a worker, the primary beside it, or a server of one process.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { ObserveStorage } from '@portolan/storage';
import { Histogram, Registry } from 'prom-client';
import { addAskedGauge } from './asked-gauge.ts';
import { type AuthMetrics, createAuthMetrics } from './auth-metrics.ts';
import { type CertificateMetrics, createCertificateMetrics } from './certificate-metrics.ts';
import { type CountConnect, createConnectMetrics } from './connect-metrics.ts';
import type { RefusalReason } from '../listeners/refusal.ts';
import { createRefusalMetrics } from './refusal-metrics.ts';
import { createRegistryMetrics, type RegistryMetrics } from './registry-metrics.ts';
import type { Snapshot } from './snapshot.ts';

export interface ProcessMetrics extends CertificateMetrics {
  readonly prometheus: Registry;
  readonly registry: RegistryMetrics;
  readonly auth: AuthMetrics;
  readonly observeStorage: ObserveStorage;
  readonly countConnect: CountConnect;
  readonly countRefusal: (reason: RefusalReason) => void;
  snapshot(): Promise<Snapshot>;
}

const FILE_SECONDS = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];
const COMMIT_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 15];
const LOOP_RESOLUTION_MS = 10;

function storageObserver(prometheus: Registry): ObserveStorage {
  const registers = [prometheus];
  const actions = new Histogram({
    name: 'registry_storage_action_seconds',
    help: 'Time that an action on a stored file takes.',
    labelNames: ['driver', 'action'],
    buckets: FILE_SECONDS,
    registers,
  });
  const commits = new Histogram({
    name: 'db_commit_seconds',
    help: 'Time that a write transaction takes, its way to the disk included.',
    buckets: COMMIT_SECONDS,
    registers,
  });
  return (observation) => {
    const seconds = observation.durationMs / 1000;
    if (observation.kind === 'commit') commits.observe(seconds);
    else actions.observe({ driver: 'filesystem', action: observation.action }, seconds);
  };
}

/** The worst of all processes; each scrape begins anew. */
function watchEventLoop(prometheus: Registry): void {
  const delays = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
  delays.enable();
  addAskedGauge(prometheus, {
    name: 'eventloop_lag_seconds',
    help: 'How late the event loop was since the last scrape, at the 99th percentile.',
    aggregator: 'max',
    ask(gauge) {
      // What is measured is the time between two ticks of a timer.
      const lateMs = delays.count === 0 ? 0 : delays.percentile(99) / 1e6 - LOOP_RESOLUTION_MS;
      gauge.set(Math.max(0, lateMs) / 1000);
      delays.reset();
    },
  });
}

export function createProcessMetrics(): ProcessMetrics {
  const prometheus = new Registry();
  watchEventLoop(prometheus);
  return {
    prometheus,
    registry: createRegistryMetrics(prometheus),
    auth: createAuthMetrics(prometheus),
    observeStorage: storageObserver(prometheus),
    ...createCertificateMetrics(prometheus),
    countConnect: createConnectMetrics(prometheus),
    countRefusal: createRefusalMetrics(prometheus),
    snapshot: () => prometheus.getMetricsAsJSON(),
  };
}
