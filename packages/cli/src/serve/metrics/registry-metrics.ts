// Requests to `/v2/`, under the names and the handlers of distribution, so that dashboards made for it
// show this registry, too.
import type { ObserveRequest } from '@portolan/registry';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { RequestHandlers } from '../http-server.ts';
import { BODY_BYTES, codeLabel, methodLabel, NO_HANDLER, REQUEST_SECONDS } from './http-labels.ts';

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

export interface RegistryMetrics {
  readonly observe: ObserveRequest;
  /** The same handlers, counted while they are at work. */
  trackInFlight(handlers: RequestHandlers): RequestHandlers;
}

function metricsOf(registry: Registry) {
  const registers = [registry];
  return {
    requests: new Counter({
      name: 'registry_http_requests_total',
      help: 'Requests to the registry that are over, by handler, method and status.',
      labelNames: ['handler', 'method', 'code'],
      registers,
    }),
    seconds: new Histogram({
      name: 'registry_http_request_duration_seconds',
      help: 'Time from the head of a request to the end of its answer.',
      labelNames: ['handler', 'method'],
      buckets: REQUEST_SECONDS,
      registers,
    }),
    received: new Histogram({
      name: 'registry_http_request_size_bytes',
      help: 'Size of request bodies.',
      labelNames: ['handler'],
      buckets: BODY_BYTES,
      registers,
    }),
    sent: new Histogram({
      name: 'registry_http_response_size_bytes',
      help: 'Size of the bodies of answers.',
      labelNames: ['handler'],
      buckets: BODY_BYTES,
      registers,
    }),
    inFlight: new Gauge({
      name: 'registry_http_in_flight_requests',
      help: 'Requests to the registry that are being answered.',
      registers,
    }),
  };
}

export function createRegistryMetrics(registry: Registry): RegistryMetrics {
  const { requests, seconds, received, sent, inFlight } = metricsOf(registry);
  let atWork = 0;

  const track =
    (handler: RequestHandlers['request']): RequestHandlers['request'] =>
    (request, response) => {
      inFlight.set(++atWork);
      response.once('close', () => inFlight.set(--atWork));
      handler(request, response);
    };

  return {
    observe({ route, method, status, durationMs, bytesReceived, bytesSent }) {
      const handler = route === undefined ? NO_HANDLER : (HANDLERS[route] ?? route);
      const labels = { handler, method: methodLabel(method) };
      requests.inc({ ...labels, code: codeLabel(status) });
      // A clock that was set back is no request that took less than nothing.
      seconds.observe(labels, Math.max(0, durationMs) / 1000);
      received.observe({ handler }, bytesReceived);
      sent.observe({ handler }, bytesSent);
    },
    trackInFlight: ({ request, checkContinue }) => ({
      request: track(request),
      checkContinue: track(checkContinue),
    }),
  };
}
