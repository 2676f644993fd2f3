import pino from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import {
  type MetricsServer,
  startMetricsServer,
} from '../../../src/serve/metrics/metrics-server.ts';

const listen = { host: '127.0.0.1', port: 0 };
const logger = pino({ level: 'silent' });
let server: MetricsServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function start(scrape: () => Promise<string>): Promise<string> {
  server = await startMetricsServer({ listen, logger, scrape });
  return server.url;
}

describe('the metrics server', () => {
  it('answers GET /metrics in the text format', async () => {
    const url = await start(async () => 'up 1\n');
    const response = await fetch(`${url}?name=up`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(await response.text()).toBe('up 1\n');
  });

  it.each([
    ['GET', '/', 404],
    ['GET', '/metrics/', 404],
    ['GET', '//metrics', 404],
    ['GET', '/v2/', 404],
    ['GET', '/token', 404],
    ['POST', '/metrics', 405],
    ['DELETE', '/metrics', 405],
    ['POST', '/v2/', 404],
  ])('answers %s %s with %i', async (method, path, status) => {
    const url = await start(async () => 'up 1\n');
    const response = await fetch(`${new URL(url).origin}${path}`, { method });
    expect(response.status).toBe(status);
    expect(await response.text()).not.toContain('up 1');
    if (status === 405) expect(response.headers.get('allow')).toBe('GET');
  });

  it('answers 500 without a reason when nothing can be collected', async () => {
    const url = await start(() => Promise.reject(new Error('inner secret')));
    const response = await fetch(url);
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('secret');
  });

  it('says which setting is wrong when its address is taken', async () => {
    const url = await start(async () => '');
    const taken = { ...listen, port: Number(new URL(url).port) };
    const second = startMetricsServer({ listen: taken, logger, scrape: async () => '' });
    await expect(second).rejects.toMatchObject({
      message: expect.stringContaining('EADDRINUSE'),
      hint: expect.stringContaining('PORTOLAN_METRICS_LISTEN'),
    });
  });
});
