// What is counted of CONNECT requests.
import type { ConnectOutcome } from '@portolan/connect';
import { Counter, type Registry } from 'prom-client';

export type CountConnect = (outcome: ConnectOutcome) => void;

export function createConnectMetrics(prometheus: Registry): CountConnect {
  const requests = new Counter({
    name: 'connect_requests_total',
    help: 'Requests to `connect` listeners, by outcome: served, passed, refused, invalid, busy or failed.',
    labelNames: ['outcome'],
    registers: [prometheus],
  });
  return (outcome) => requests.inc({ outcome });
}
