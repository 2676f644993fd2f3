// A plan is what the sync after it does: of changed rules, of tags that are gone, and at upstreams that limit.
import { RepositoryName, Tag } from '@portolan/oci';
import type { MirrorRule } from '@portolan/storage';
import { expect, it } from 'vitest';
import { mirrorError } from '../../src/errors.ts';
import { planRule, type RulePlan } from '../../src/sync/plan-rule.ts';
import type { RunReport } from '../../src/sync/run-report.ts';
import { sample, sampleImage, sampleReferrer } from '../places/sample-content.ts';
import { openSyncFixture, type SyncFixture } from './sync-fixture.ts';

async function withSample() {
  const fixture = await openSyncFixture();
  const content = sample();
  fixture.upstream.add(content);
  return { ...fixture, content };
}

function actionsOf({ images }: RulePlan): Record<string, string> {
  return Object.fromEntries(images.map(({ tag, action }) => [tag, action]));
}

/** As a rule that was changed now. */
async function changed({ storage }: SyncFixture, rule: MirrorRule, settings: object) {
  const wanted = { settings: { ...rule.settings, ...settings }, nextRunAt: undefined };
  await storage.mirrorRules.update(rule.id, wanted, 'tester');
  return { ...rule, ...wanted, updatedAt: Date.now() + 1 };
}

function expectSame(plan: RulePlan, report: RunReport): void {
  const { bytes, pulls, requests } = report;
  expect(plan).toMatchObject({ isMeasured: true, bytes, pulls, requests });
}

it('another platform of an image that is here is to be copied', async () => {
  const fixture = await withSample();
  const { rule, sync, plan } = fixture;
  const made = await rule({ tags: ['multi'], platforms: ['linux/arm64'], referrers: false });
  await sync(made);
  expect(actionsOf(await plan(made))).toEqual({ multi: 'unchanged' });
  const more = await changed(fixture, made, { platforms: ['linux/arm64', 'linux/amd64'] });
  expect(actionsOf(await plan(more, false))).toEqual({ multi: 'update' });
  const planned = await plan(more, true);
  expect(actionsOf(planned)).toEqual({ multi: 'update' });
  const { report } = await sync(more);
  expect(report.counts.copied).toBe(1);
  expectSame(planned, report);
});

it.each([true, false])(
  'a platform that an index lacks is a failure (measured: %s)',
  async (measures) => {
    const fixture = await withSample();
    const { rule, sync, plan } = fixture;
    const made = await rule({ tags: ['multi'], platforms: ['linux/arm64'], referrers: false });
    await sync(made);
    const other = await changed(fixture, made, { platforms: ['linux/riscv64'] });
    const planned = await plan(other, measures);
    const { report } = await sync(other);
    expect(report.counts.failed).toBe(1);
    expect(planned.images[0]?.error).toEqual(report.errors[0]?.error);
  },
);

it('what came to an image later is to be copied when a run looks below it', async () => {
  const { rule, sync, plan, upstream, content, pass } = await withSample();
  const made = await rule({ tags: ['multi'] });
  await sync(made);
  const late = sampleReferrer(content.index);
  upstream.add({ blobs: late.blobs, manifests: [late.manifest] });
  expect(actionsOf(await plan(made))).toEqual({ multi: 'unchanged' });
  pass(25 * 3_600_000);
  const planned = await plan(made);
  expect(actionsOf(planned)).toEqual({ multi: 'update' });
  expectSame(planned, (await sync(made)).report);
});

it('without measuring, what is here whole costs no request but its head', async () => {
  const { rule, sync, plan, upstream, pass } = await withSample();
  const made = await rule({ tags: ['multi', '2.0'] });
  await sync(made);
  pass(25 * 3_600_000);
  upstream.log.length = 0;
  expect(await plan(made, false)).toMatchObject({ requests: 2, pulls: 0 });
  expect(upstream.log.toSorted()).toEqual(['head tag:2.0', 'head tag:multi']);
});

it.each([
  ['listed tags', { tags: ['1.0', '2.0'] }],
  ['listed tags beside patterns', { tags: ['1.0', '2.0'], regex: ['multi'] }],
  ['patterns', { regex: ['^[12]'] }],
])('a tag that is gone is vanished to plan and run, of a rule with %s', async (_, settings) => {
  const { rule, sync, plan, prune, upstream } = await withSample();
  const made = await rule(settings);
  await sync(made);
  upstream.tagged.delete(Tag.parse('2.0'));
  expect(actionsOf(await plan(made))).toMatchObject({ '2.0': 'vanished' });
  expect((await sync(made)).report).toMatchObject({ outcome: 'ok', counts: { vanished: 1 } });
  expect((await prune(made, { afterDays: 0 })).removed).toEqual(['2.0']);
  // The rule may name it still.
  const isNamed = 'tags' in settings;
  expect(actionsOf(await plan(made))['2.0']).toBe(isNamed ? 'vanished' : undefined);
  const { report } = await sync(made);
  expect(report).toMatchObject({
    outcome: 'ok',
    counts: { missing: 0, vanished: isNamed ? 1 : 0 },
  });
  expect((await prune(made, { afterDays: 0 })).removed).toEqual([]);
});

it('a tag that was pruned and dropped from the rule is forgotten', async () => {
  const fixture = await withSample();
  const { rule, sync, prune, upstream, storage } = fixture;
  const made = await rule({ tags: ['1.0', '2.0'] });
  await sync(made);
  upstream.tagged.delete(Tag.parse('2.0'));
  await sync(made);
  await prune(made, { afterDays: 0 });
  await sync(await changed(fixture, made, { tags: ['1.0'] }));
  expect((await storage.mirrorTags.list(made.id)).map(({ name }) => name)).toEqual(['1.0']);
});

it('what a run would leave alone is not asked for', async () => {
  const { rule, sync, deps, upstream } = await withSample();
  const made = await rule({ tags: ['1.0'] });
  await sync(made);
  upstream.log.length = 0;
  const { signal } = new AbortController();
  const scope = { freshForMs: 3_600_000, isThorough: true, signal };
  const planned = await planRule(deps, made, { ...scope, jobs: 1, measures: true });
  expect(actionsOf(planned)).toEqual({ '1.0': 'unchanged' });
  expect(upstream.log).toEqual([]);
});

it('measuring ends at the first refusal, and counts what it has used', async () => {
  const { rule, upstream, storage, deps } = await openSyncFixture();
  for (let i = 0; i < 6; i++) {
    const { blobs, manifest } = sampleImage(`${i}`, [`1.${i}`]);
    upstream.add({ blobs, manifests: [manifest] });
  }
  let left = 2;
  const limit = { limit: 6, windowSeconds: 21_600, observedAt: deps.clock() };
  const noteQuotas = () => storage.upstreams.noteQuota('docker.io', { ...limit, remaining: left });
  upstream.before = (request) => {
    if (!request.startsWith('manifest ')) return;
    if (left === 0) throw mirrorError('upstream-limited', 'too many requests');
    left--;
  };
  const scope = { freshForMs: 0, isThorough: undefined, signal: new AbortController().signal };
  const made = await rule({ referrers: false });
  const planned = await planRule({ ...deps, noteQuotas }, made, {
    ...scope,
    jobs: 3,
    measures: true,
  });
  expect(upstream.log.filter((request) => request.startsWith('manifest '))).toHaveLength(3);
  expect(new Set(Object.values(actionsOf(planned)))).toEqual(new Set(['copy']));
  expect(planned).toMatchObject({
    isMeasured: false,
    bytes: undefined,
    error: { code: 'upstream-limited' },
    quota: { needed: 6, now: 0, remaining: 0 },
  });
});

it('a limit is one for all rules of its upstream', async () => {
  const { rule, storage, deps } = await withSample();
  const first = await rule({ tags: ['1.0', '2.0'], referrers: false });
  const second = await rule(first.settings, RepositoryName.parse('docker.io/second'));
  const observedAt = deps.clock();
  const quota = { limit: 10, remaining: 3, windowSeconds: 21_600, observedAt };
  await storage.upstreams.noteQuota('docker.io', quota);
  const scope = { freshForMs: 0, isThorough: undefined, signal: new AbortController().signal };
  const options = { ...scope, jobs: 1, measures: undefined };
  const planned = await planRule(deps, first, options);
  expect(planned.quota).toMatchObject({ needed: 2, now: 2, remaining: 3, restAt: undefined });
  const restAt = observedAt + 21_600_000;
  const next = await planRule(deps, second, { ...options, before: [planned] });
  expect(next.quota).toMatchObject({ needed: 2, now: 1, remaining: 1, restAt });
  const elsewhere = { ...planned, source: 'docker.io.example/library/busybox' };
  const apart = await planRule(deps, second, { ...options, before: [elsewhere] });
  expect(apart.quota).toMatchObject({ needed: 2, now: 2, remaining: 3 });
});

it('a limit on heads is met once', async () => {
  const { rule, plan, upstream } = await withSample();
  upstream.before = (request) => {
    if (request.startsWith('head ')) throw mirrorError('upstream-limited', 'too many requests');
  };
  const planned = await plan(await rule({ tags: ['1.0', '2.0', '3', '4', '5', '6', '7'] }));
  expect(new Set(Object.values(actionsOf(planned)))).toEqual(new Set(['failed']));
  expect(upstream.log.length).toBeLessThanOrEqual(3);
});
