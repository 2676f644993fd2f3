import { ROUTES } from '@portolan/registry';
import * as fc from 'fast-check';
import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { createAuthMetrics } from '../../../src/serve/metrics/auth-metrics.ts';
import { createRegistryMetrics } from '../../../src/serve/metrics/registry-metrics.ts';

const hostile = fc.record({
  method: fc.oneof(fc.string(), fc.constantFrom('GET', 'get', 'BREW', '"} 1\n', '__proto__')),
  // The apps answer with statuses of their own tables; these are all that there can be.
  status: fc.option(fc.constantFrom(200, 201, 202, 401, 404, 405, 500, 503), { nil: undefined }),
  durationMs: fc.double({ noNaN: true, noDefaultInfinity: true }),
  bytesReceived: fc.nat(),
  bytesSent: fc.nat(),
});
const SAMPLES = 3000;

describe('labels', () => {
  it('of the registry are few, whatever clients send', async () => {
    const registry = new Registry();
    const { observe } = createRegistryMetrics(registry);
    const names = [undefined, ...ROUTES.map(({ name }) => name)];
    for (const [index, request] of fc.sample(hostile, SAMPLES).entries()) {
      observe({ ...request, route: names[index % names.length] });
    }
    const text = await registry.metrics();
    const methods = new Set([...text.matchAll(/method="([^"]*)"/g)].map(([, method]) => method));
    expect(methods).toContain('unknown');
    expect(methods.size).toBeLessThanOrEqual(8);
    const handlers = new Set([...text.matchAll(/handler="([^"]*)"/g)].map(([, name]) => name));
    expect(handlers.size).toBeLessThanOrEqual(names.length);
    // No line is begun by what a client sent.
    for (const line of text.split('\n')) expect(line).toMatch(/^(#|registry_|$)/);
  });

  it('of the token service are few, whatever clients send', async () => {
    const registry = new Registry();
    const { observe } = createAuthMetrics(registry);
    for (const request of fc.sample(hostile, SAMPLES)) {
      const status = request.status ?? 404;
      observe({ ...request, status, route: undefined, grant: undefined, refusal: 'page-unknown' });
    }
    const text = await registry.metrics();
    const series = new Set([...text.matchAll(/^auth_http_requests_total\{.*\}/gm)].map(String));
    // Eight methods, eight statuses.
    expect(series.size).toBeLessThanOrEqual(64);
  });

  it('have the words of distribution', async () => {
    const registry = new Registry();
    const { observe } = createRegistryMetrics(registry);
    const rest = { durationMs: 3, bytesReceived: 10, bytesSent: 20 };
    observe({ route: 'manifest-get', method: 'GET', status: 200, ...rest });
    observe({ route: 'upload-append', method: 'PATCH', status: 202, ...rest });
    observe({ route: undefined, method: 'GET', status: undefined, ...rest });
    const text = await registry.metrics();
    for (const labels of [
      'handler="manifest",method="get",code="200"',
      'handler="blob_upload_chunk",method="patch",code="202"',
      'handler="none",method="get",code="499"',
    ]) {
      expect(text).toContain(`registry_http_requests_total{${labels}} 1\n`);
    }
    expect(text).toContain('registry_http_request_size_bytes_sum{handler="manifest"} 10\n');
    expect(text).toContain('registry_http_response_size_bytes_sum{handler="manifest"} 20\n');
  });
});

async function inFlight(registry: Registry): Promise<Record<string, number>> {
  const text = await registry.metrics();
  const lines = text.matchAll(/^registry_http_in_flight_requests\{handler="(.*)"\} (.*)$/gm);
  return Object.fromEntries([...lines].map(([, handler = '', count]) => [handler, Number(count)]));
}

describe('requests that are being answered', () => {
  it('are told by handler, and each handler that distribution has is there from the start', async () => {
    const registry = new Registry();
    const { observe, observeRoute } = createRegistryMetrics(registry);
    const ofDistribution = [
      'base',
      'blob',
      'blob_upload',
      'blob_upload_chunk',
      'catalog',
      'manifest',
      'tags',
    ];
    const before = await inFlight(registry);
    for (const handler of ofDistribution) expect(before).toHaveProperty(handler, 0);
    for (const route of ['manifest-get', 'manifest-head', 'blob-get']) observeRoute(route);
    expect(await inFlight(registry)).toEqual({ ...before, manifest: 2, blob: 1 });
    const over = { method: 'GET', status: 200, durationMs: 1, bytesReceived: 0, bytesSent: 0 };
    for (const route of ['manifest-get', 'blob-get', undefined]) observe({ ...over, route });
    expect(await inFlight(registry)).toEqual({ ...before, manifest: 1 });
  });
});
