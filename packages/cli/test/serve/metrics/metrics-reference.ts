// The table of docs/monitoring.md, made from the metrics themselves.
import type { Storage } from '@portolan/storage';
import type { Registry } from 'prom-client';
import { createProcessMetrics } from '../../../src/serve/metrics/process-metrics.ts';
import { createServerMetrics } from '../../../src/serve/metrics/server-metrics.ts';

export interface MetricFacts {
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
  readonly help: string;
}

/** Nothing is collected here. */
const NO_STORAGE = {} as Storage;

function registryOfAll(): Registry {
  const process = createProcessMetrics();
  createServerMetrics({
    process,
    role: 'all',
    storage: NO_STORAGE,
    diskFloorBytes: 0,
    version: '',
    clock: Date.now,
    readAuthority: async () => undefined,
  });
  return process.prometheus;
}

export function allMetrics(): readonly MetricFacts[] {
  const metrics = registryOfAll().getMetricsAsArray() as unknown as readonly {
    readonly name: string;
    readonly help: string;
    readonly labelNames: readonly string[];
    readonly type: string;
  }[];
  return metrics.map(({ name, help, labelNames, type }) => ({
    name,
    help,
    labels: labelNames,
    type,
  }));
}

export function metricsReference(): string {
  const rows = allMetrics().map(({ name, type, labels, help }) => {
    const names = labels.map((label) => `\`${label}\``).join(', ');
    return `| \`${name}\` | ${type} | ${names} | ${help} |`;
  });
  return ['| name | type | labels | what it is |', '|---|---|---|---|', ...rows].join('\n');
}
