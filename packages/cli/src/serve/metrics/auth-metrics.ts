// Requests to the token service, and what became of logins.
import type { ObserveAuthRequest } from '@portolan/auth';
import { Counter, Histogram, type Registry } from 'prom-client';
import { addAskedGauge } from './asked-gauge.ts';
import { codeLabel, methodLabel, NO_HANDLER, REQUEST_SECONDS } from './http-labels.ts';

export interface AuthMetrics {
  readonly observe: ObserveAuthRequest;
  /** Asked at each scrape. */
  watchHashQueue(length: () => number): void;
}

const WRONG = new Set(['credentials-invalid', 'refresh-token-invalid']);
const GRANTS = ['anonymous', 'password', 'refresh'];
const THROTTLED = 'too-many-failures';

function metricsOf(registry: Registry) {
  const registers = [registry];
  return {
    requests: new Counter({
      name: 'auth_http_requests_total',
      help: 'Requests to the token service that are over, by handler, method and status.',
      labelNames: ['handler', 'method', 'code'],
      registers,
    }),
    seconds: new Histogram({
      name: 'auth_http_request_duration_seconds',
      help: 'Time from the head of a request to the token service to its answer.',
      labelNames: ['handler', 'method'],
      buckets: REQUEST_SECONDS,
      registers,
    }),
    issued: new Counter({
      name: 'auth_tokens_issued_total',
      help: 'Tokens, by what they were issued for: anonymous, password or refresh.',
      labelNames: ['grant'],
      registers,
    }),
    failures: new Counter({
      name: 'auth_login_failures_total',
      help: 'Logins with a wrong name, password or refresh token.',
      registers,
    }),
    throttled: new Counter({
      name: 'auth_throttled_total',
      help: 'Logins that were refused unread after too many failures.',
      registers,
    }),
  };
}

export function createAuthMetrics(registry: Registry): AuthMetrics {
  const { requests, seconds, issued, failures, throttled } = metricsOf(registry);
  // A counter that appears only with its first event hides that event from `increase()`.
  for (const grant of GRANTS) issued.inc({ grant }, 0);
  let queueLength: (() => number) | undefined;
  addAskedGauge(registry, {
    name: 'auth_hash_queue_length',
    help: 'Logins that wait for their password to be hashed.',
    ask: (gauge) => gauge.set(queueLength?.() ?? 0),
  });
  return {
    observe({ route, method, status, durationMs, grant, refusal }) {
      const handler = route ?? NO_HANDLER;
      const labels = { handler, method: methodLabel(method) };
      requests.inc({ ...labels, code: codeLabel(status) });
      seconds.observe(labels, Math.max(0, durationMs) / 1000);
      if (grant !== undefined && refusal === undefined) issued.inc({ grant });
      if (refusal === undefined) return;
      if (WRONG.has(refusal)) failures.inc();
      if (refusal === THROTTLED) throttled.inc();
    },
    watchHashQueue(length) {
      queueLength = length;
    },
  };
}
