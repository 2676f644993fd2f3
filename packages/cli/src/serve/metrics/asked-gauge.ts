// A gauge whose value is asked for at each scrape.
import { type Aggregator, Gauge, type Registry } from 'prom-client';

export interface AskedGauge<Label extends string> {
  readonly name: string;
  readonly help: string;
  readonly labelNames?: Label[];
  /** Of several processes; the sum unless told otherwise. */
  readonly aggregator?: Aggregator;
  readonly ask: (gauge: Gauge<Label>) => void | Promise<void>;
}

export function addAskedGauge<Label extends string = never>(
  registry: Registry,
  { ask, ...rest }: AskedGauge<Label>,
): void {
  const gauge = new Gauge<Label>({
    ...rest,
    registers: [],
    collect() {
      return ask(this);
    },
  });
  registry.registerMetric(gauge);
}
