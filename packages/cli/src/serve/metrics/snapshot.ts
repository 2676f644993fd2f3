// The metrics of one process at one moment, as data that can be sent to another process and added up.
import { AggregatorRegistry, type MetricObjectWithValues, type MetricValue } from 'prom-client';

export type Snapshot = readonly MetricObjectWithValues<MetricValue<string>>[];

// The names of prom-client's types are numbers in its declarations, and words in fact.
function isCount({ type }: { readonly type: unknown }): boolean {
  return type === 'counter' || type === 'histogram';
}

/** What only ever grows, and so is still true when its process is gone. */
export function countsOf(snapshot: Snapshot): Snapshot {
  return snapshot.filter(isCount);
}

export async function addUp(snapshots: readonly Snapshot[]): Promise<Snapshot> {
  return await sum(snapshots).getMetricsAsJSON();
}

/** The text that Prometheus reads. */
export async function toText(snapshots: readonly Snapshot[]): Promise<string> {
  return await sum(snapshots).metrics();
}

function sum(snapshots: readonly Snapshot[]) {
  return AggregatorRegistry.aggregate(snapshots.map((snapshot) => [...snapshot]));
}
