import type { UpstreamRecord } from '@portolan/storage';
import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import {
  createCertificateMetrics,
  watchAuthority,
} from '../../../src/serve/metrics/certificate-metrics.ts';
import { watchContent } from '../../../src/serve/metrics/content-metrics.ts';
import { createJobMetrics } from '../../../src/serve/metrics/job-metrics.ts';
import { createMirrorMetrics } from '../../../src/serve/metrics/mirror-metrics.ts';
import { NO_COUNTS, reportOf } from '../../commands/run-report.ts';
import { sumOf } from './scrape.ts';

const MINUTE_MS = 60_000;

function watchStore() {
  const registry = new Registry();
  const state = { now: 0, asked: 0, tookMs: 0, isBroken: false };
  watchContent(registry, {
    clock: () => state.now,
    diskFloorBytes: 7,
    storage: {
      async contentSize() {
        state.asked++;
        state.now += state.tookMs;
        if (state.isBroken) throw new Error('database is busy');
        return { blobs: state.asked, blobBytes: 100 };
      },
      freeBytes() {
        if (state.isBroken) throw new Error('the disk failed to sync');
        return 42;
      },
    },
  });
  return { registry, state };
}

const stores = (count: number) => ({
  mirrorRuns: {
    lastSuccesses: async (limit: number) =>
      Array.from({ length: Math.min(limit, count) }, (_, i) => ({
        destination: `r/${i}`,
        endedAt: 5000,
      })),
  },
  upstreams: {
    list: async () =>
      Array.from(
        { length: count },
        (_, i): UpstreamRecord => ({
          id: i,
          host: `u${i}.example`,
          settings: {},
          hasCredentials: false,
          quota: i === 0 ? undefined : { remaining: 7 },
          createdAt: 0,
        }),
      ),
  },
});

describe('the size of the store', () => {
  it('is measured at most once a minute', async () => {
    const { registry, state } = watchStore();
    for (let i = 0; i < 5; i++) await registry.metrics();
    expect(state.asked).toBe(1);
    state.now += MINUTE_MS;
    expect(sumOf(await registry.metrics(), 'storage_blobs')).toBe(2);
  });

  it('is measured less often where that takes long', async () => {
    const { registry, state } = watchStore();
    state.tookMs = 3000;
    await registry.metrics();
    state.now += 9 * MINUTE_MS;
    await registry.metrics();
    expect(state.asked).toBe(1);
    state.now += 2 * MINUTE_MS;
    await registry.metrics();
    expect(state.asked).toBe(2);
  });

  it('is left out when it cannot be read, and asked for again', async () => {
    const { registry, state } = watchStore();
    state.isBroken = true;
    const text = await registry.metrics();
    expect(text).not.toMatch(/^storage_(blobs|blob_bytes|disk_free_bytes) /m);
    expect(text).toContain('storage_disk_floor_bytes 7\n');
    state.isBroken = false;
    expect(await registry.metrics()).toContain('storage_disk_free_bytes 42\n');
    expect(state.asked).toBe(2);
  });
});

describe('collection', () => {
  it('is counted by outcome, and what it removed by kind', async () => {
    const registry = new Registry();
    const observe = createJobMetrics(registry);
    const report = {
      expiredUploads: 1,
      manifests: 2,
      links: 3,
      blobs: 4,
      orphanFiles: 5,
      bytes: 6,
    };
    observe({ job: 'collect', isOk: true, durationMs: 20, report });
    observe({ job: 'collect', isOk: true, durationMs: 20, report: undefined });
    observe({ job: 'collect', isOk: false, durationMs: 20, report: undefined });
    observe({ job: 'mirror', isOk: false, durationMs: 20, report: undefined });
    const text = await registry.metrics();
    expect(sumOf(text, 'gc_runs_total', 'outcome="ok"')).toBe(2);
    expect(sumOf(text, 'gc_runs_total', 'outcome="failed"')).toBe(1);
    expect(sumOf(text, 'gc_removed_total')).toBe(15);
    expect(sumOf(text, 'gc_removed_total', 'kind="blob"')).toBe(4);
    expect(sumOf(text, 'gc_freed_bytes_total')).toBe(6);
    expect(sumOf(text, 'gc_duration_seconds_sum')).toBeCloseTo(0.06);
  });
});

describe('the mirror', () => {
  it('is counted by run and by image', async () => {
    const registry = new Registry();
    const observe = createMirrorMetrics(registry, stores(2));
    const counts = { ...NO_COUNTS, copied: 3, unchanged: 2, failed: 1 };
    observe(reportOf({ outcome: 'partial', counts, bytes: 1000 }));
    const text = await registry.metrics();
    expect(sumOf(text, 'sync_runs_total', 'outcome="partial"')).toBe(1);
    expect(sumOf(text, 'sync_images_total')).toBe(6);
    expect(sumOf(text, 'sync_bytes_total')).toBe(1000);
    expect(text).toContain('sync_last_success_timestamp_seconds{rule="r/1"} 5\n');
    expect(text).toContain('upstream_ratelimit_remaining{upstream="u1.example"} 7\n');
    expect(text).not.toContain('u0.example');
  });

  it('has no more series than it says, however many rules there are', async () => {
    const registry = new Registry();
    createMirrorMetrics(registry, stores(2000));
    const series = (await registry.metrics()).match(/^(sync_last|upstream_)\S+ /gm) ?? [];
    expect(series).toHaveLength(500 + 499);
  });
});

describe('certificates', () => {
  it('are told as they are at the moment', async () => {
    const registry = new Registry();
    const { watchCertificates: watch } = createCertificateMetrics(registry);
    expect(await registry.metrics()).not.toContain('file=');
    let list = [{ file: 'a.pem', notAfter: 1_800_000_000_000 }];
    let unusable = ['b.pem'];
    watch({ list: () => list, unusable: () => unusable });
    const name = 'tls_certificate_expiry_timestamp_seconds';
    expect(await registry.metrics()).toContain(`${name}{file="a.pem"} 1800000000\n`);
    expect(await registry.metrics()).toContain('tls_unusable_files 1\n');
    list = [{ file: 'b.pem', notAfter: 1000 }];
    unusable = [];
    const text = await registry.metrics();
    expect(text).toContain(`${name}{file="b.pem"} 1\n`);
    expect(text).not.toContain('a.pem');
    expect(text).toContain('tls_unusable_files 0\n');
  });

  it('have an authority only where one is made', async () => {
    const registry = new Registry();
    let authority: { notAfter: number } | undefined;
    watchAuthority(registry, async () => authority);
    const name = 'tls_authority_expiry_timestamp_seconds';
    expect(await registry.metrics()).not.toMatch(new RegExp(`^${name}`, 'm'));
    authority = { notAfter: 1_800_000_000_000 };
    expect(await registry.metrics()).toContain(`${name} 1800000000\n`);
  });
});
