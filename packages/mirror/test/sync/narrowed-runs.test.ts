// Runs, plans and prunes of some images of a rule: they do what was asked, and say nothing of the rule as
// a whole.
import { Tag } from '@portolan/oci';
import { describe, expect, it } from 'vitest';
import { parseSelectors } from '../../src/selection/selectors.ts';
import { planRule } from '../../src/sync/plan-rule.ts';
import { sample } from '../places/sample-content.ts';
import { openSyncFixture } from './sync-fixture.ts';

const ONE = parseSelectors(['busybox:1.*']);

async function withSample() {
  const fixture = await openSyncFixture();
  fixture.upstream.add(sample());
  return fixture;
}

describe('a narrowed run', () => {
  it('brings what is meant, and of that only what the rule takes', async () => {
    const { rule, sync, tagsHere } = await withSample();
    const made = await rule({ regex: ['^[12]'] });
    const { report } = await sync(made, { selector: parseSelectors(['busybox:1.*', '**:multi']) });
    expect(report).toMatchObject({ outcome: 'ok', isNarrowed: true, counts: { copied: 1 } });
    expect(Object.keys(await tagsHere())).toEqual(['1.0']);
  });

  it('of all of the rule is a run like any other', async () => {
    const { rule, sync } = await withSample();
    const { report } = await sync(await rule(), { selector: parseSelectors(['docker.io']) });
    expect(report).toMatchObject({ isNarrowed: false, counts: { copied: 4 } });
  });

  it('that means nothing the rule takes copies nothing', async () => {
    const { rule, sync } = await withSample();
    const made = await rule({ tags: ['2.0'] });
    const { report } = await sync(made, { selector: ONE });
    expect(report).toMatchObject({ outcome: 'ok', counts: { copied: 0, missing: 0 } });
  });

  it('leaves the schedule alone', async () => {
    const { rule, sync, storage } = await withSample();
    const made = await rule({ schedule: '@daily' });
    await storage.mirrorRules.setNextRun(made.id, 4711);
    await sync(made, { selector: ONE });
    expect((await storage.mirrorRules.list())[0]?.nextRunAt).toBe(4711);
    await sync(made);
    expect((await storage.mirrorRules.list())[0]?.nextRunAt).not.toBe(4711);
  });

  it('counts as no thorough one', async () => {
    const { rule, sync } = await withSample();
    const made = await rule();
    await sync(made, { selector: ONE, isThorough: true });
    expect((await sync(made)).report.isThorough).toBe(true);
    expect((await sync(made)).report.isThorough).toBe(false);
  });

  it('tells of what vanished only where it was asked', async () => {
    const { rule, sync, upstream } = await withSample();
    const made = await rule();
    await sync(made);
    for (const tag of ['1.0', '2.0']) upstream.tagged.delete(Tag.parse(tag));
    expect((await sync(made, { selector: ONE })).report.counts.vanished).toBe(1);
    expect((await sync(made)).report.counts.vanished).toBe(2);
  });
});

describe('pruning', () => {
  it('does not come by itself after a narrowed run', async () => {
    const { rule, sync, upstream } = await withSample();
    const made = await rule({ prune: { after_days: 0 } });
    await sync(made);
    upstream.tagged.delete(Tag.parse('1.0'));
    expect((await sync(made, { selector: ONE })).pruned).toBeUndefined();
    expect((await sync(made)).pruned?.removed).toEqual(['1.0']);
  });

  it('is neither allowed nor refused because of a narrowed run', async () => {
    const { rule, sync, prune, upstream } = await withSample();
    const made = await rule({ tags: ['1.0', '9.9'] });
    await sync(made, { selector: ONE });
    expect((await prune(made)).refusal).toBe('the rule has never run');
    await sync(made);
    expect((await prune(made)).refusal).toContain('partial');
    upstream.log.length = 0;
    await sync(made, { selector: ONE });
    expect((await prune(made)).refusal).toContain('partial');
  });

  it('takes only what is meant', async () => {
    const { rule, sync, prune, upstream } = await withSample();
    const made = await rule({ prune: { after_days: 1, max_share: 1 } });
    await sync(made);
    for (const tag of ['1.0', '2.0']) upstream.tagged.delete(Tag.parse(tag));
    await sync(made);
    const { removed, left } = await prune(made, { afterDays: 0, selector: ONE });
    expect({ removed, left }).toEqual({ removed: ['1.0'], left: 0 });
  });
});

it('a narrowed plan is that of the narrowed run', async () => {
  const { rule, sync, deps } = await withSample();
  const made = await rule({ tags: ['1.0', '2.0', '9.9'] });
  const { signal } = new AbortController();
  const selector = parseSelectors(['busybox:1.*', 'busybox:9.9']);
  const plan = await planRule(deps, made, {
    jobs: 3,
    measures: true,
    freshForMs: 0,
    isThorough: undefined,
    selector,
    signal,
  });
  expect(plan.images.map(({ tag, action }) => `${tag} ${action}`)).toEqual([
    '1.0 copy',
    '9.9 missing',
  ]);
  const { report } = await sync(made, { selector });
  expect(plan).toMatchObject({ bytes: report.bytes, pulls: report.pulls });
});
