import http from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { RequestObservation } from '../../src/http/observation.ts';
import { pushArtifact } from '../support/content.ts';
import { startRegistry, type TestRegistry } from '../support/start-registry.ts';

let registry: TestRegistry | undefined;
afterEach(() => registry?.close());

function isPut({ route }: RequestObservation): boolean {
  return route === 'manifest-put';
}

async function start() {
  const told: RequestObservation[] = [];
  const running = await startRegistry({ observe: (observation) => void told.push(observation) });
  registry = running;
  /** The request is over a moment after its client has the answer. */
  const next = async (): Promise<RequestObservation | undefined> => {
    for (let i = 0; i < 500 && told.length === 0; i++) await delay(10);
    return told.shift();
  };
  return { running, told, next };
}

describe('a finished request', () => {
  it('is told with its route, its status and the size of both bodies', async () => {
    const { running, told, next } = await start();
    await pushArtifact(running, 'team/app', 'v1');
    await expect.poll(() => told.some(isPut)).toBe(true);
    const put = told.find(isPut);
    expect(put).toMatchObject({ method: 'PUT', status: 201, bytesSent: 0 });
    told.length = 0;
    const headers = await running.headersFor('team/app');
    const path = '/v2/team/app/manifests/v1';
    const { body } = await running.request(path, { headers });
    expect(put?.bytesReceived).toBe(body.length);
    expect(await next()).toEqual({
      route: 'manifest-get',
      method: 'GET',
      status: 200,
      durationMs: expect.any(Number),
      bytesReceived: 0,
      bytesSent: body.length,
    });
    await running.request(path, { method: 'HEAD', headers });
    expect(await next()).toMatchObject({ route: 'manifest-head', status: 200, bytesSent: 0 });
  });

  it.each([
    ['GET', '/v2/', 'base', 401],
    ['GET', '/v2/team/app/manifests/v1', 'manifest-get', 401],
    ['POST', '/v2/team/app/manifests/v1', undefined, 405],
    ['GET', '/v2/nothing/here', undefined, 404],
  ])('%s %s is told as %s with %i', async (method, path, route, status) => {
    const { running, next } = await start();
    await running.request(path, { method });
    expect(await next()).toMatchObject({ method, route, status });
  });

  it('has the bytes that were read of a body without a length', async () => {
    const { running, told, next } = await start();
    const headers = await running.headersFor('team/app');
    const begun = await running.request('/v2/team/app/blobs/uploads/', { method: 'POST', headers });
    await next();
    const path = begun.headers.location ?? '';
    const upload = http.request({ port: running.port, path, method: 'PATCH', headers });
    upload.write(Buffer.alloc(1000));
    upload.end(Buffer.alloc(234));
    await new Promise((done) =>
      upload.once('response', (answer) => answer.resume().on('end', done)),
    );
    expect(await next()).toMatchObject({
      route: 'upload-append',
      status: 202,
      bytesReceived: 1234,
    });
    expect(told).toEqual([]);
  });

  it('has no status when the client left before the answer', async () => {
    const { running, next } = await start();
    const headers = await running.headersFor('team/app');
    const begun = await running.request('/v2/team/app/blobs/uploads/', { method: 'POST', headers });
    await next();
    const path = begun.headers.location ?? '';
    const upload = http.request({ port: running.port, path, method: 'PATCH', headers });
    upload.on('error', () => undefined);
    upload.write('the first bytes', () => {
      setTimeout(() => upload.destroy(), 50);
    });
    expect(await next()).toMatchObject({ route: 'upload-append', status: undefined });
  });
});

describe('a request that is being answered', () => {
  it.each([
    ['GET', '/v2/', 'base'],
    ['GET', '/v2/team/app/manifests/v1', 'manifest-get'],
    ['HEAD', '/v2/docker.io/app/blobs/sha256:1', 'blob-head'],
    ['POST', '/v2/team/app/manifests/v1', undefined],
    ['GET', '/v2/nothing/here', undefined],
  ])('%s %s is told with its route %s before it is over, once', async (method, path, route) => {
    const events: unknown[] = [];
    registry = await startRegistry({
      observeRoute: (begun) => events.push(['begun', begun]),
      observe: (over) => events.push(['over', over.route]),
    });
    await registry.request(path, { method });
    await expect.poll(() => events).toContainEqual(['over', route]);
    expect(events).toEqual([...(route === undefined ? [] : [['begun', route]]), ['over', route]]);
  });
});
