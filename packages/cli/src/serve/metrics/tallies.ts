// Counters and histograms for what happens with each request, beside prom-client's own: those look their
// labels up by text at every count, which was a seventh of the time of a manifest GET. Here a series is
// found once and kept by whoever counts; at a scrape the numbers have prom-client's form.
import type { Metric, Registry } from 'prom-client';

type Labels = Readonly<Record<string, string>>;

export interface TallyOptions {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
}

export interface CounterSeries {
  inc(): void;
}

export interface HistogramSeries {
  observe(value: number): void;
}

interface Value {
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
  readonly metricName?: string;
}

function register(
  registry: Registry,
  type: 'counter' | 'histogram',
  { name, help, labelNames }: TallyOptions,
  values: () => readonly Value[],
): void {
  const about = { name, help, type, aggregator: 'sum' };
  const get = async () => ({ ...about, values: values() });
  // All that a registry asks of a metric.
  const metric = { ...about, labelNames, get };
  registry.registerMetric(metric as unknown as Metric);
}

/** Returns what makes a series; one for the same labels is to be made once. */
export function addTalliedCounter(
  registry: Registry,
  options: TallyOptions,
): (labels: Labels) => CounterSeries {
  const all: { readonly labels: Labels; value: number }[] = [];
  register(registry, 'counter', options, () => all.map(({ labels, value }) => ({ labels, value })));
  return (labels) => {
    const series = { labels, value: 0 };
    all.push(series);
    return {
      inc: () => {
        series.value++;
      },
    };
  };
}

interface HistogramState {
  readonly labels: Labels;
  /** How many were at most as large as the bound at the same place, and larger than the one before. */
  readonly counts: number[];
  sum: number;
  count: number;
}

function valuesOf(name: string, bounds: readonly number[], state: HistogramState): Value[] {
  const { labels, counts, sum, count } = state;
  let soFar = 0;
  const buckets = bounds.map((le, index) => {
    soFar += counts[index] ?? 0;
    return { labels: { le, ...labels }, value: soFar, metricName: `${name}_bucket` };
  });
  return [
    ...buckets,
    { labels: { le: '+Inf', ...labels }, value: count, metricName: `${name}_bucket` },
    { labels, value: sum, metricName: `${name}_sum` },
    { labels, value: count, metricName: `${name}_count` },
  ];
}

/** The same for histograms. @param bounds of the buckets, ascending */
export function addTalliedHistogram(
  registry: Registry,
  options: TallyOptions,
  bounds: readonly number[],
): (labels: Labels) => HistogramSeries {
  const all: HistogramState[] = [];
  register(registry, 'histogram', options, () =>
    all.flatMap((state) => valuesOf(options.name, bounds, state)),
  );
  return (labels) => {
    const counts = Array.from<number>({ length: bounds.length + 1 }).fill(0);
    const state = { labels, counts, sum: 0, count: 0 };
    all.push(state);
    return {
      observe(value) {
        let place = 0;
        while (place < bounds.length && value > (bounds[place] ?? 0)) place++;
        counts[place] = (counts[place] ?? 0) + 1;
        state.sum += value;
        state.count++;
      },
    };
  };
}
