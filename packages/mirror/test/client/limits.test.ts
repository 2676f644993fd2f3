// Rates, and Docker Hub's pull limit.
import { type Reference, RepositoryName, Tag } from '@portolan/oci';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Quota } from '../../src/client/quota.ts';
import { createRateLimit } from '../../src/client/rate-limit.ts';
import { createRegistryClient } from '../../src/client/registry-client.ts';
import { clientDeps } from '../fixtures/client-deps.ts';
import { startScriptedRegistry, status } from '../fixtures/scripted-registry.ts';

const signal = new AbortController().signal;
const LATEST: Reference = { kind: 'tag', tag: Tag.parse('latest') };

const limited = (requestsPerSecond?: number, bytesPerSecond?: number) => {
  const { clock, sleep, slept } = clientDeps({});
  const rate = createRateLimit({ requestsPerSecond, bytesPerSecond, clock, sleep });
  return { rate, clock, slept: () => slept.reduce((sum, ms) => sum + ms, 0) };
};

describe('a rate limit', () => {
  it('spaces requests', async () => {
    const { rate, slept } = limited(4);
    for (let i = 0; i < 9; i++) await rate.request(signal);
    expect(slept()).toBe(2000);
  });

  it('spaces bytes, in whole at their rate', async () => {
    const { rate, slept } = limited(undefined, 100_000);
    for (let i = 0; i < 100; i++) await rate.bytes(16_384, signal);
    expect(slept()).toBeCloseTo(16_384, -2);
  });

  it('costs nothing when there is none', async () => {
    const { rate, slept } = limited();
    await rate.request(signal);
    await rate.bytes(1e9, signal);
    expect(slept()).toBe(0);
  });

  it('holds all requests when the upstream says so', async () => {
    const { rate, clock, slept } = limited();
    rate.holdUntil(clock() + 5000);
    await rate.request(signal);
    expect(slept()).toBe(5000);
  });
});

describe('the pull limit', () => {
  const headers = { 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': '76;w=21600' };
  const quota = { limit: 100, remaining: 76, windowSeconds: 21_600 };

  it.each<[string, Record<string, string>, object | undefined]>([
    ['both headers', headers, { ...quota, source: undefined }],
    [
      'its source',
      { ...headers, 'docker-ratelimit-source': '192.0.2.1' },
      { ...quota, source: '192.0.2.1' },
    ],
    [
      'no window',
      { 'ratelimit-limit': '5', 'ratelimit-remaining': '0' },
      { limit: 5, remaining: 0, windowSeconds: undefined, source: undefined },
    ],
    ['no headers', {}, undefined],
    ['nonsense', { 'ratelimit-limit': 'x', 'ratelimit-remaining': '-1' }, undefined],
  ])('is read from %s', async (_what, sent, expected) => {
    const registry = await startScriptedRegistry();
    const heard: Quota[] = [];
    const client = createRegistryClient(
      clientDeps({ endpoint: registry.url }, { onQuota: (said) => heard.push(said) }),
    );
    onTestFinished(async () => {
      await client.close();
      await registry.stop();
    });
    registry.on('HEAD /v2/app/manifests/latest', status(404, sent));
    await client.repository(RepositoryName.parse('app')).head(LATEST, signal);
    expect(client.quota()).toEqual(expected);
    expect(heard).toEqual(expected === undefined ? [] : [expected]);
  });
});
