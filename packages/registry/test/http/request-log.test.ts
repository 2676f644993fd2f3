import http from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { ContentStores, Storage } from '@portolan/storage';
import { describe, expect, it } from 'vitest';
import { pushArtifact } from '../support/content.ts';
import {
  type RegistryOptions,
  startRegistry,
  type TestRegistry,
} from '../support/start-registry.ts';

async function withRegistry(
  options: RegistryOptions,
  work: (registry: TestRegistry) => Promise<void>,
): Promise<void> {
  const registry = await startRegistry(options);
  try {
    await work(registry);
  } finally {
    await registry.close();
  }
}

/** The lines, once there are some. */
async function lines({ logLines }: TestRegistry): Promise<Record<string, unknown>[]> {
  for (let i = 0; i < 500 && logLines.length === 0; i++) await delay(10);
  return logLines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

function failToList(): Promise<never> {
  return Promise.reject(new Error('inner secret'));
}

function withBrokenTags(storage: Storage): ContentStores {
  return { ...storage, tags: { ...storage.tags, list: failToList } };
}

const OTHERS = { traceId: 'trace-1', proxyRequestId: 'proxy-1' };

describe('the request log', () => {
  it('has the domain`s fields, and never the token', async () => {
    await withRegistry({ logLevel: 'debug', limits: { accessLog: true } }, async (registry) => {
      await pushArtifact(registry, 'team/app', 'v1');
      registry.logLines.length = 0;
      const headers = await registry.headersFor('team/app', 'pull');
      const answer = await registry.request('/v2/team/app/manifests/v1', { headers });
      const [line] = await lines(registry);
      expect(line).toMatchObject({
        level: 30,
        requestId: answer.headers['x-request-id'],
        route: 'manifest-get',
        repository: 'team/app',
        reference: 'v1',
        subject: 'alice',
        method: 'GET',
        status: 200,
        durationMs: expect.any(Number),
      });
      expect(Number(line?.['bytes'])).toBeGreaterThanOrEqual(answer.body.length);
      expect(registry.logLines.join('')).not.toContain(headers.authorization.slice(7));
    });
  });

  it('tells of an upload whose client has left', async () => {
    await withRegistry({ logLevel: 'info', limits: { accessLog: true } }, async (registry) => {
      const headers = await registry.headersFor('team/app');
      const uploads = '/v2/team/app/blobs/uploads/';
      const begun = await registry.request(uploads, { method: 'POST', headers });
      registry.logLines.length = 0;
      const path = begun.headers.location ?? '';
      const upload = http.request({ port: registry.port, path, method: 'PATCH', headers });
      upload.on('error', () => undefined);
      upload.write('the first bytes', () => {
        setTimeout(() => upload.destroy(), 50);
      });
      expect(await lines(registry)).toMatchObject([{ route: 'upload-append', isComplete: false }]);
    });
  });

  it('has what leads to the logs of others, beside an id of ours', async () => {
    await withRegistry({ logLevel: 'debug', correlate: () => OTHERS }, async (registry) => {
      const answer = await registry.request('/v2/');
      const requestId = answer.headers['x-request-id'];
      expect(JSON.parse(answer.body.toString())).toMatchObject({
        errors: [{ detail: { requestId } }],
      });
      const [line] = await lines(registry);
      expect(line).toMatchObject({ requestId, ...OTHERS });
    });
  });

  it('has the address of the client, as whoever knows the proxies tells it', async () => {
    await withRegistry({ logLevel: 'debug', sourceOf: () => '192.0.2.1' }, async (registry) => {
      await registry.request('/v2/');
      expect(await lines(registry)).toMatchObject([{ source: '192.0.2.1' }]);
    });
  });

  it('is silent when nobody asked for it', async () => {
    await withRegistry({ logLevel: 'info' }, async (registry) => {
      expect((await registry.request('/v2/')).status).toBe(401);
      await delay(50);
      expect(registry.logLines).toEqual([]);
    });
  });

  it('makes a new request id whatever the client sends', async () => {
    await withRegistry({}, async (registry) => {
      const answer = await registry.request('/v2/', { headers: { 'x-request-id': 'mine' } });
      expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f]{32}$/);
    });
  });

  it('tells of an unexpected failure all that the client does not get', async () => {
    await withRegistry({ content: withBrokenTags }, async (registry) => {
      const headers = await registry.headersFor('team/app');
      const answer = await registry.request('/v2/team/app/tags/list', { headers });
      expect(answer.status).toBe(500);
      expect(answer.headers['content-type']).toBe('application/json');
      expect(answer.body.toString()).not.toContain('inner secret');
      const requestId = answer.headers['x-request-id'];
      expect(answer.body.toString()).toContain(requestId);
      const [line] = await lines(registry);
      expect(line).toMatchObject({ level: 50, requestId, err: { message: 'inner secret' } });
    });
  });
});
