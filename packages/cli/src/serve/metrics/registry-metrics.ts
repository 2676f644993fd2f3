// Requests to `/v2/`, under the names and the handlers of distribution, so that dashboards made for it
// show this registry, too.
import { type ObserveRequest, type ObserveRoute, ROUTES } from '@portolan/registry';
import type { Registry } from 'prom-client';
import { addAskedGauge } from './asked-gauge.ts';
import { BODY_BYTES, codeLabel, methodLabel, NO_HANDLER, REQUEST_SECONDS } from './http-labels.ts';
import {
  addTalliedCounter,
  addTalliedHistogram,
  type CounterSeries,
  type HistogramSeries,
} from './tallies.ts';

/** Our routes by distribution's words; one that it does not have keeps its own. */
const HANDLERS: Readonly<Record<string, string>> = {
  'base-head': 'base',
  'manifest-get': 'manifest',
  'manifest-head': 'manifest',
  'manifest-put': 'manifest',
  'manifest-delete': 'manifest',
  'blob-get': 'blob',
  'blob-head': 'blob',
  'blob-delete': 'blob',
  'upload-begin': 'blob_upload',
  'upload-status': 'blob_upload_chunk',
  'upload-append': 'blob_upload_chunk',
  'upload-finish': 'blob_upload_chunk',
  'upload-cancel': 'blob_upload_chunk',
  'tags-list': 'tags',
  'referrers-list': 'referrers',
  'extensions-of-repository': 'extensions',
};

function handlerOf(route: string): string {
  return HANDLERS[route] ?? route;
}

export interface RegistryMetrics {
  readonly observe: ObserveRequest;
  readonly observeRoute: ObserveRoute;
}

interface OfHandler {
  readonly received: HistogramSeries;
  readonly sent: HistogramSeries;
}

interface OfMethod extends OfHandler {
  readonly labels: { readonly handler: string; readonly method: string };
  readonly seconds: HistogramSeries;
  readonly byStatus: Map<number | undefined, CounterSeries>;
}

/** Made when it is first asked for. */
function cached<Key, Value>(make: (key: Key) => Value): (key: Key) => Value {
  const known = new Map<Key, Value>();
  return (key) => {
    const found = known.get(key);
    if (found !== undefined) return found;
    const made = make(key);
    known.set(key, made);
    return made;
  };
}

function addMetrics(registry: Registry) {
  return {
    requests: addTalliedCounter(registry, {
      name: 'registry_http_requests_total',
      help: 'Requests to the registry that are over, by handler, method and status.',
      labelNames: ['handler', 'method', 'code'],
    }),
    seconds: addTalliedHistogram(
      registry,
      {
        name: 'registry_http_request_duration_seconds',
        help: 'Time from the head of a request to its answer; of a streamed one, to its end.',
        labelNames: ['handler', 'method'],
      },
      REQUEST_SECONDS,
    ),
    received: addTalliedHistogram(
      registry,
      {
        name: 'registry_http_request_size_bytes',
        help: 'Size of request bodies.',
        labelNames: ['handler'],
      },
      BODY_BYTES,
    ),
    sent: addTalliedHistogram(
      registry,
      {
        name: 'registry_http_response_size_bytes',
        help: 'Size of the bodies of answers.',
        labelNames: ['handler'],
      },
      BODY_BYTES,
    ),
  };
}

/** The series of a route and a method, found without looking at labels. */
function createSeries(registry: Registry) {
  const { requests, seconds, received, sent } = addMetrics(registry);
  const ofHandler = cached(
    (handler: string): OfHandler => ({ received: received({ handler }), sent: sent({ handler }) }),
  );
  // Routes share handlers, and so series.
  const ofMethod = cached((handler: string) =>
    cached((method: string): OfMethod => {
      const labels = { handler, method };
      return { ...ofHandler(handler), labels, seconds: seconds(labels), byStatus: new Map() };
    }),
  );
  const ofRoute = cached((route: string | undefined) =>
    ofMethod(route === undefined ? NO_HANDLER : handlerOf(route)),
  );
  return {
    find: (route: string | undefined, method: string) => ofRoute(route)(methodLabel(method)),
    count({ byStatus, labels }: OfMethod, status: number | undefined): void {
      let series = byStatus.get(status);
      if (series === undefined) {
        series = requests({ ...labels, code: codeLabel(status) });
        byStatus.set(status, series);
      }
      series.inc();
    },
  };
}

/** By handler, each of which is there from the start. A request that reaches none is over at once. */
function createInFlight(registry: Registry) {
  const inFlight = new Map(ROUTES.map(({ name }) => [handlerOf(name), 0]));
  addAskedGauge(registry, {
    name: 'registry_http_in_flight_requests',
    help: 'Requests to the registry that are being answered, by handler.',
    labelNames: ['handler'],
    ask(gauge) {
      for (const [handler, count] of inFlight) gauge.set({ handler }, count);
    },
  });
  return (route: string, change: 1 | -1): void => {
    const handler = handlerOf(route);
    inFlight.set(handler, (inFlight.get(handler) ?? 0) + change);
  };
}

export function createRegistryMetrics(registry: Registry): RegistryMetrics {
  const series = createSeries(registry);
  const countInFlight = createInFlight(registry);
  return {
    observe({ route, method, status, durationMs, bytesReceived, bytesSent }) {
      if (route !== undefined) countInFlight(route, -1);
      const found = series.find(route, method);
      series.count(found, status);
      // A clock that was set back is no request that took less than nothing.
      found.seconds.observe(Math.max(0, durationMs) / 1000);
      found.received.observe(bytesReceived);
      found.sent.observe(bytesSent);
    },
    observeRoute: (route) => countInFlight(route, 1),
  };
}
