// What came to a listener and never reached the registry or the token service, whose own counters do not
// know of it.
import { Counter, type Registry } from 'prom-client';
import { REFUSAL_REASONS, type RefusalReason } from '../listeners/refusal.ts';

export function createRefusalMetrics(prometheus: Registry): (reason: RefusalReason) => void {
  const refused = new Counter({
    name: 'http_refused_total',
    help: 'Connections and requests that were refused before any handler, by reason.',
    labelNames: ['reason'],
    registers: [prometheus],
  });
  // A counter that appears only with its first event hides that event from `increase()`.
  for (const reason of REFUSAL_REASONS) refused.inc({ reason }, 0);
  return (reason) => refused.inc({ reason });
}
