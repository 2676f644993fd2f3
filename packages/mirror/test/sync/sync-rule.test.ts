import { Digest, RepositoryName, Tag } from '@portolan/oci';
import { describe, expect, it } from 'vitest';
import { mirrorError } from '../../src/errors.ts';
import { createHostWork } from '../../src/sync/host-work.ts';
import { planRule } from '../../src/sync/plan-rule.ts';
import { knownQuota, planQuota } from '../../src/sync/quota.ts';
import { tagOfDigest } from '../../src/sync/rule-images.ts';
import { SILENT_SYNC } from '../../src/sync/sync-progress.ts';
import { sample, sampleImage, sampleReferrer } from '../places/sample-content.ts';
import { openSyncFixture, taggedThere } from './sync-fixture.ts';

const DAY = 24 * 3_600_000;
const HOUR = 3_600_000;

async function withSample() {
  const fixture = await openSyncFixture();
  const content = sample();
  fixture.upstream.add(content);
  return { ...fixture, content };
}

describe('a run', () => {
  it('brings what the rule selects, and remembers it', async () => {
    const { rule, sync, tagsHere, upstream, storage } = await withSample();
    const made = await rule({ regex: ['^[12]', 'multi'] });
    const { report } = await sync(made);
    expect(report).toMatchObject({
      outcome: 'ok',
      counts: { copied: 3, failed: 0, missing: 0 },
      listed: 4,
    });
    const { latest: _latest, ...selected } = taggedThere(upstream);
    expect(await tagsHere()).toEqual(selected);
    expect(await storage.mirrorTags.list(made.id)).toHaveLength(3);
    const [run] = await storage.mirrorRuns.list(made.id, 1);
    expect(run).toMatchObject({ outcome: 'ok', summary: { counts: { copied: 3 } } });
  });

  it('of what has not changed costs one request for the list and one for each tag', async () => {
    const { rule, sync, upstream } = await withSample();
    const made = await rule();
    await sync(made);
    upstream.log.length = 0;
    const { report } = await sync(made);
    expect(report).toMatchObject({
      outcome: 'ok',
      counts: { unchanged: 4 },
      requests: 5,
      pulls: 0,
    });
    expect(upstream.log.filter((request) => !request.startsWith('head '))).toEqual(['tags']);
  });

  it('asks nothing of tags that were checked a moment ago', async () => {
    const { rule, sync, upstream } = await withSample();
    const made = await rule({ tags: ['1.0', '2.0'] });
    await sync(made);
    upstream.log.length = 0;
    const { report } = await sync(made, { freshForMs: HOUR });
    expect(report.counts.fresh).toBe(2);
    expect(upstream.log).toEqual([]);
  });

  it('follows a tag that moved, and the tag history has where it was', async () => {
    const { rule, sync, tagsHere, upstream, content } = await withSample();
    const made = await rule({ tags: ['latest'] });
    await sync(made);
    upstream.tagged.set(Tag.parse('latest'), content.second.manifest.digest);
    const { report } = await sync(made);
    expect(report.counts.copied).toBe(1);
    expect(await tagsHere()).toEqual({ latest: content.second.manifest.digest });
  });

  it('keeps an image that is chosen by digest under a tag', async () => {
    const { rule, sync, tagsHere, content } = await withSample();
    const { digest } = content.second.manifest;
    const { report } = await sync(await rule({ digests: [digest] }));
    expect(report.outcome).toBe('ok');
    expect(await tagsHere()).toEqual({ [tagOfDigest(digest)]: digest });
  });

  it('is not stopped by a tag that fails', async () => {
    const { rule, sync, tagsHere, upstream, content, storage } = await withSample();
    const broken = sampleImage('broken', ['3.0']);
    upstream.tag(broken.manifest, Tag.parse('3.0'));
    const made = await rule();
    const { report } = await sync(made);
    expect(report).toMatchObject({ outcome: 'partial', counts: { copied: 4, failed: 1 } });
    expect(report.errors).toMatchObject([{ tag: '3.0', error: { code: 'upstream-absent' } }]);
    expect(Object.keys(await tagsHere()).sort()).toEqual(['1.0', '2.0', 'latest', 'multi']);
    const noted = (await storage.mirrorTags.list(made.id)).find(({ name }) => name === '3.0');
    expect(noted).toMatchObject({ digest: undefined, error: expect.stringContaining('blob') });
    expect(content.index.digest).toBe((await tagsHere())['multi']);
  });

  it('tells of a tag that a listing does not have, and why', async () => {
    const { rule, sync } = await withSample();
    const told: string[] = [];
    let found = 0;
    const progress = {
      ...SILENT_SYNC,
      ruleFound: (_: string, images: number) => void (found = images),
      imageDone: (_: string, { tag, status }: { tag: string; status: string }) =>
        void told.push(`${status} ${tag}`),
    };
    const made = await rule({ tags: ['1.0', '9.9'], regex: ['^1'] });
    const { report } = await sync(made, { progress });
    expect(told).toEqual(['copied 1.0', 'missing 9.9']);
    expect(found).toBe(2);
    expect(report.errors).toMatchObject([
      { tag: '9.9', error: { message: 'the upstream lists no such tag' } },
    ]);
  });

  it('with a tag that is listed and not there says so', async () => {
    const { rule, sync } = await withSample();
    const { report } = await sync(await rule({ tags: ['1.0', '9.9'] }));
    expect(report).toMatchObject({ outcome: 'partial', counts: { copied: 1, missing: 1 } });
  });

  it('whose upstream lists nothing has failed at nothing, and found nothing', async () => {
    const { rule, sync } = await openSyncFixture();
    const { report } = await sync(await rule());
    expect(report).toMatchObject({ outcome: 'ok', listed: 0, counts: { copied: 0 } });
  });

  it('ends early at the limit of pulls, and is due when the upstream says', async () => {
    const { rule, sync, upstream, storage, deps } = await withSample();
    const retryAt = deps.clock() + 2 * HOUR;
    let pulls = 0;
    upstream.before = (request) => {
      if (request.startsWith('manifest ') && ++pulls > 1) {
        throw mirrorError('upstream-limited', 'too many requests', { retryAt });
      }
    };
    const made = await rule({ tags: ['1.0', '2.0', 'multi'], referrers: false });
    const { report } = await sync(made, { jobs: 1 });
    expect(report).toMatchObject({ outcome: 'limited', retryAt, counts: { copied: 1 } });
    expect(report.counts.skipped).toBe(1);
    const [stored] = await storage.mirrorRules.list();
    expect(stored?.nextRunAt).toBe(retryAt);
    upstream.before = () => undefined;
    expect((await sync(made)).report).toMatchObject({
      outcome: 'ok',
      counts: { copied: 2, unchanged: 1 },
    });
  });

  it('takes a host for down after five failures in a row', () => {
    const host = createHostWork(1);
    const down = mirrorError('upstream-unavailable', 'down');
    for (let i = 0; i < 4; i++) host.failed(down);
    host.succeeded();
    for (let i = 0; i < 4; i++) host.failed(down);
    expect(host.stop).toBeUndefined();
    host.failed(down);
    expect(host.stop).toBe(down);
  });

  it('that cannot list the tags has failed as a whole', async () => {
    const { rule, sync, upstream, storage } = await withSample();
    upstream.before = (request) => {
      if (request === 'tags') throw mirrorError('upstream-denied', 'who are you?');
    };
    const made = await rule();
    const { report } = await sync(made);
    expect(report).toMatchObject({ outcome: 'failed', error: { code: 'upstream-denied' } });
    expect((await storage.mirrorRuns.list(made.id, 1))[0]?.outcome).toBe('failed');
  });

  it('says what to do about a failure, and status and log keep it', async () => {
    const { rule, sync, upstream, storage } = await withSample();
    upstream.before = (request) => {
      if (request === 'head tag:1.0') {
        throw mirrorError('upstream-denied', 'who are you?', { hint: 'set credentials' });
      }
    };
    const made = await rule({ tags: ['1.0'] });
    const { report } = await sync(made);
    expect(report.errors[0]?.error?.message).toBe('who are you?; set credentials');
    const [noted] = await storage.mirrorTags.list(made.id);
    expect(noted?.error).toBe('who are you?; set credentials');
  });

  it('forgets the failures of tags that the rule has dropped', async () => {
    const { rule, sync, upstream, storage } = await withSample();
    const made = await rule({ tags: ['1.0', '2.0', '9.9'] });
    await sync(made);
    upstream.before = (request) => {
      if (request === 'head tag:2.0') throw mirrorError('upstream-denied', 'who are you?');
    };
    await sync(made);
    const failing = async () =>
      (await storage.mirrorTags.list(made.id)).filter(({ error }) => error !== undefined);
    expect((await failing()).map(({ name }) => name).sort()).toEqual(['2.0', '9.9']);
    await sync({ ...made, settings: { tags: ['1.0'], referrers: true } });
    expect(await failing()).toEqual([]);
    const names = (await storage.mirrorTags.list(made.id)).map(({ name }) => name);
    expect(names.sort()).toEqual(['1.0', '2.0']);
  });

  it('does not run while another process runs the rule', async () => {
    const { rule, sync, storage } = await withSample();
    const made = await rule();
    await storage.leases.acquire(`mirror-rule:${made.id}`, 'somebody else', 60_000);
    expect((await sync(made)).report.outcome).toBe('busy');
  });

  it('waits for one that was killed, and is told so', async () => {
    const { rule, sync, storage } = await withSample();
    const made = await rule();
    await storage.leases.acquire(`mirror-rule:${made.id}`, 'a dead process', 300);
    const waiting: string[] = [];
    const progress = { ...SILENT_SYNC, ruleWaits: (name: string) => void waiting.push(name) };
    const { report } = await sync(made, { waitMs: 5000, progress });
    expect(report.outcome).toBe('ok');
    expect(waiting).toEqual([made.destination]);
  });

  it('tells of a killed one before it, and goes on where that was', async () => {
    const { rule, sync, storage, tagsHere, upstream } = await withSample();
    const made = await rule();
    await storage.mirrorRuns.start(made.id);
    const controller = new AbortController();
    upstream.before = (request) => {
      if (request.startsWith('blob ')) controller.abort();
    };
    const { report } = await sync(made, { signal: controller.signal });
    expect(report).toMatchObject({ isInterrupted: true, outcome: 'failed' });
    expect(await tagsHere()).toEqual({});
    upstream.before = () => undefined;
    await sync(made);
    expect(await tagsHere()).toEqual(taggedThere(upstream));
    const outcomes = (await storage.mirrorRuns.list(made.id, 9)).map(({ outcome }) => outcome);
    expect(outcomes).toEqual(['ok', 'failed', 'failed']);
  });

  it('looks below unchanged tags once a day, and when the rule has changed', async () => {
    const { rule, sync, upstream, content, pass, storage } = await withSample();
    const made = await rule({ tags: ['multi'] });
    await sync(made);
    const late = sampleReferrer(content.index);
    upstream.add({ blobs: late.blobs, manifests: [late.manifest] });
    expect((await sync(made)).report.isThorough).toBe(false);
    const has = () => storage.manifests.find(made.destination, late.manifest.digest);
    expect(await has()).toBeUndefined();
    pass(DAY + 1);
    expect((await sync(made)).report).toMatchObject({ isThorough: true, counts: { copied: 1 } });
    expect(await has()).toBeDefined();
    await storage.mirrorRules.update(
      made.id,
      { settings: made.settings, nextRunAt: undefined },
      'tester',
    );
    const [changed] = await storage.mirrorRules.list();
    if (changed === undefined) throw new Error('the rule is gone');
    expect(
      (await sync({ ...changed, updatedAt: changed.updatedAt + 2 * DAY })).report,
    ).toMatchObject({
      isThorough: true,
    });
  });

  it('of two rules at once fetches a layer that both want once', async () => {
    const { rule, upstream, deps } = await withSample();
    const { syncRules } = await import('../../src/sync/sync-rules.ts');
    const rules = [
      await rule({ tags: ['multi'] }),
      await rule({ tags: ['multi'] }, RepositoryName.parse('docker.io/library/twin')),
    ];
    const results = await syncRules(deps, rules, {
      jobs: 4,
      blobsAtOnce: 4,
      freshForMs: 0,
      waitMs: 0,
      isThorough: undefined,
      signal: new AbortController().signal,
      progress: SILENT_SYNC,
    });
    expect(results.map(({ report }) => report.outcome)).toEqual(['ok', 'ok']);
    const blobs = upstream.log.filter((request) => request.startsWith('blob '));
    expect(new Set(blobs).size).toBe(blobs.length);
  });
});

describe('a plan', () => {
  it('says what a run will do, and changes nothing', async () => {
    const { rule, plan, sync, tagsHere } = await withSample();
    const made = await rule({ tags: ['multi', '1.0', '9.9'], regex: ['^1'] });
    const planned = await plan(made);
    expect(planned.images.map(({ tag, action }) => `${tag} ${action}`)).toEqual([
      '1.0 copy',
      'multi copy',
      '9.9 missing',
    ]);
    expect(await tagsHere()).toEqual({});
    const { report } = await sync(made);
    expect(planned).toMatchObject({
      isMeasured: true,
      bytes: report.bytes,
      pulls: report.pulls,
      requests: report.requests,
    });
    expect((await plan(made)).images.map(({ action }) => action)).toEqual([
      'unchanged',
      'unchanged',
      'missing',
    ]);
  });

  it('says that the tags cannot be listed, and why', async () => {
    const { rule, plan, upstream } = await withSample();
    upstream.before = () => {
      throw mirrorError('upstream-denied', 'who are you?', { hint: 'set credentials' });
    };
    expect(await plan(await rule())).toMatchObject({
      images: [],
      error: { code: 'upstream-denied', message: 'who are you?; set credentials' },
    });
  });

  it('reads no manifest where pulls are counted, unless it is told to', async () => {
    const { rule, plan, upstream, storage, deps } = await withSample();
    const made = await rule();
    const observedAt = deps.clock();
    await storage.upstreams.noteQuota('docker.io', {
      limit: 100,
      remaining: 2,
      windowSeconds: 21_600,
      observedAt,
    });
    const planned = await plan(made);
    expect(upstream.log.filter((request) => request.startsWith('manifest '))).toEqual([]);
    expect(planned).toMatchObject({
      isMeasured: false,
      bytes: undefined,
      pulls: 3,
      quota: { needed: 3, now: 2, restAt: observedAt + 6 * HOUR },
    });
    expect((await plan(made, true)).isMeasured).toBe(true);
  });

  it('learns of a pull limit by its first heads, and costs none of it', async () => {
    const { rule, upstream, storage, deps } = await withSample();
    const said = { limit: 100, remaining: 61, windowSeconds: 21_600, observedAt: deps.clock() };
    const noteQuotas = () => storage.upstreams.noteQuota('docker.io', said);
    const { signal } = new AbortController();
    const options = { jobs: 3, measures: undefined, freshForMs: 0, isThorough: undefined, signal };
    const planned = await planRule({ ...deps, noteQuotas }, await rule(), options);
    expect(upstream.log.filter((request) => request.startsWith('manifest '))).toEqual([]);
    expect(planned).toMatchObject({ isMeasured: false, quota: { remaining: 61 } });
  });

  it.each([
    { name: 'enough', needed: 42, said: { remaining: 61 }, atOnce: 42, hasRest: false },
    { name: 'too little', needed: 61, said: { remaining: 42 }, atOnce: 42, hasRest: true },
    {
      name: 'a window that has passed',
      needed: 61,
      said: { remaining: 0, observedAt: 0 },
      atOnce: 61,
      hasRest: false,
    },
  ])('counts on a quota: $name', ({ needed, said, atOnce, hasRest }) => {
    const now = 10 * DAY;
    const quota = { limit: 100, windowSeconds: 21_600, observedAt: now, ...said };
    const record = {
      id: 1,
      host: 'docker.io',
      settings: {},
      hasCredentials: false,
      quota,
      createdAt: 0,
    };
    const known = knownQuota(record, now);
    if (known === undefined) throw new Error('a quota is known');
    const planned = planQuota(needed, known, now);
    expect(planned.now).toBe(atOnce);
    expect(planned.restAt).toBe(hasRest ? now + 6 * HOUR : undefined);
  });
});

describe('pruning', () => {
  it('removes what has vanished for longer than its grace, and its signatures', async () => {
    const { rule, sync, prune, tagsHere, upstream, pass, content } = await withSample();
    const cosign = Tag.parse(`sha256-${Digest.hex(content.second.manifest.digest)}.sig`);
    const signature = sampleImage('signature');
    upstream.add({
      blobs: signature.blobs,
      manifests: [{ ...signature.manifest, tags: [cosign] }],
    });
    const made = await rule({ regex: ['^[12]'] });
    await sync(made);
    upstream.tagged.delete(Tag.parse('2.0'));
    expect((await sync(made)).report.counts.vanished).toBe(1);
    expect(Object.keys(await tagsHere())).toContain('2.0');
    expect((await prune(made, { afterDays: 3 })).removed).toEqual([]);
    pass(4 * DAY);
    expect((await prune(made, { afterDays: 3, isDryRun: true })).removed).toEqual(['2.0']);
    expect((await prune(made, { afterDays: 3 })).removed).toEqual(['2.0']);
    expect(Object.keys(await tagsHere())).toEqual(['1.0']);
  });

  it('comes by itself after a good run of a rule that asks for it', async () => {
    const { rule, sync, upstream, tagsHere, storage } = await withSample();
    const made = await rule({ prune: { after_days: 0 } });
    await sync(made);
    upstream.tagged.delete(Tag.parse('1.0'));
    expect((await sync(made)).pruned?.removed).toEqual(['1.0']);
    expect(Object.keys(await tagsHere())).not.toContain('1.0');
    const [run] = await storage.mirrorRuns.list(made.id, 1);
    expect(run).toMatchObject({ outcome: 'ok', summary: { pruned: ['1.0'], listed: 3 } });
  });

  it('never takes a tag that is back', async () => {
    const { rule, sync, prune, upstream, content } = await withSample();
    const made = await rule();
    await sync(made);
    upstream.tagged.delete(Tag.parse('2.0'));
    await sync(made);
    upstream.tagged.set(Tag.parse('2.0'), content.second.manifest.digest);
    expect((await prune(made, { afterDays: 0 })).removed).toEqual([]);
  });

  it('takes at most its share, and one at least', async () => {
    const { rule, sync, prune, upstream } = await openSyncFixture();
    for (let i = 0; i < 20; i++) {
      const image = sampleImage(`${i}`, [`1.${i}`]);
      upstream.add({ blobs: image.blobs, manifests: [image.manifest] });
    }
    const made = await rule({ prune: { after_days: 0, max_share: 0.2 }, referrers: false });
    const { pruned } = await sync(made);
    expect(pruned?.removed).toEqual([]);
    for (let i = 0; i < 10; i++) upstream.tagged.delete(Tag.parse(`1.${i}`));
    const second = (await sync(made)).pruned;
    expect(second?.removed).toHaveLength(4);
    expect(second?.left).toBe(6);
    expect((await prune(made)).removed).toHaveLength(3);
  });

  it.each([
    ['an empty listing', (): void => undefined],
    [
      'a failed listing',
      (): void => {
        throw mirrorError('upstream-unavailable', 'down');
      },
    ],
  ])('refuses after %s', async (_, before) => {
    const { rule, sync, prune, upstream, tagsHere } = await withSample();
    const made = await rule({ prune: { after_days: 0 } });
    await sync(made);
    upstream.tagged.clear();
    upstream.before = before;
    await sync(made);
    const report = await prune(made);
    expect(report.refusal).toBeDefined();
    expect(Object.keys(await tagsHere())).toHaveLength(4);
  });

  const LISTED = { tags: ['1.0', '2.0'], prune: { after_days: 0, max_share: 1 } };

  it.each([
    ['lists nothing', (): void => undefined],
    [
      'has no such repository',
      (request: string): void => {
        if (request === 'tags') throw mirrorError('upstream-absent', 'no such repository');
      },
    ],
  ])(
    'of a rule with listed tags is refused when all of them are gone and the upstream %s',
    async (_, before) => {
      const { rule, sync, prune, upstream, tagsHere } = await withSample();
      const made = await rule(LISTED);
      await sync(made);
      upstream.tagged.clear();
      upstream.before = before;
      const { report, pruned } = await sync(made, { freshForMs: 0 });
      expect(report.counts.vanished).toBe(2);
      expect(pruned?.refusal).toContain('upstream');
      await sync(made, { freshForMs: HOUR });
      expect((await prune(made)).removed).toEqual([]);
      expect(Object.keys(await tagsHere())).toEqual(['1.0', '2.0']);
    },
  );

  it('of a rule with listed tags goes on where the upstream has others', async () => {
    const { rule, sync, upstream, tagsHere } = await withSample();
    const made = await rule(LISTED);
    await sync(made);
    for (const tag of ['1.0', '2.0']) upstream.tagged.delete(Tag.parse(tag));
    expect((await sync(made)).pruned?.removed).toEqual(['1.0', '2.0']);
    expect(await tagsHere()).toEqual({});
  });

  it('refuses before the first run', async () => {
    const { rule, prune } = await withSample();
    expect((await prune(await rule())).refusal).toContain('never run');
  });
});
