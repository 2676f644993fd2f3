// What a prune leaves alone, and what it says of what it did: nothing goes that is not surely gone.
import { Digest, Tag } from '@portolan/oci';
import { describe, expect, it } from 'vitest';
import { mirrorError } from '../../src/errors.ts';
import { SILENT_SYNC, type SyncProgress } from '../../src/sync/sync-progress.ts';
import { sample, sampleImage } from '../places/sample-content.ts';
import { openSyncFixture } from './sync-fixture.ts';

const DAY = 24 * 3_600_000;
const NOW = { afterDays: 0 };

async function withSample() {
  const fixture = await openSyncFixture();
  const content = sample();
  fixture.upstream.add(content);
  return { ...fixture, content };
}

describe('a prune', () => {
  it('of a repository that is gone removes nothing, though an image by digest is here', async () => {
    const { rule, sync, prune, upstream, content, tagsHere } = await withSample();
    const made = await rule({ tags: ['1.0', '2.0'], digests: [content.index.digest] });
    await sync(made);
    const before = await tagsHere();
    upstream.tagged.clear();
    upstream.manifests.clear();
    upstream.before = (request) => {
      if (request === 'tags') throw mirrorError('upstream-absent', 'no such repository');
    };
    expect((await sync(made)).report).toMatchObject({ outcome: 'ok', counts: { vanished: 2 } });
    expect(await prune(made, NOW)).toMatchObject({
      removed: [],
      refusal: expect.stringContaining('may be gone'),
    });
    expect(await tagsHere()).toEqual(before);
  });

  it('that fails in the middle says what it has removed, and why it stopped', async () => {
    const { rule, sync, upstream, tagsHere, storage } = await withSample();
    const made = await rule({ prune: { after_days: 0, max_share: 1 } });
    await sync(made);
    for (const tag of ['1.0', '2.0']) upstream.tagged.delete(Tag.parse(tag));
    upstream.before = (request) => {
      if (request === 'head tag:2.0') throw mirrorError('upstream-unavailable', 'it fails');
    };
    const { report, pruned } = await sync(made);
    expect(report.outcome).toBe('ok');
    expect(pruned).toMatchObject({ removed: ['1.0'], refusal: undefined, stopped: 'it fails' });
    expect(Object.keys(await tagsHere()).sort()).toEqual(['2.0', 'latest', 'multi']);
    const [run] = await storage.mirrorRuns.list(made.id, 1);
    expect(run?.summary['pruned']).toEqual(['1.0']);
  });

  it.each([
    ['the upstream is down', 'it is down'],
    ['another process runs the rule', 'another process runs the rule'],
  ])('is refused while %s, and throws nothing', async (state, reason) => {
    const { rule, sync, deps, prune, upstream, storage } = await withSample();
    const made = await rule();
    await sync(made);
    upstream.tagged.delete(Tag.parse('1.0'));
    await sync(made);
    if (state === 'the upstream is down') {
      Object.assign(deps, {
        openSource: () => Promise.reject(mirrorError('upstream-unavailable', 'it is down')),
      });
    } else await storage.leases.acquire(`mirror-rule:${made.id}`, 'somebody else', 60_000);
    const { removed, refusal } = await prune(made, NOW);
    expect(removed).toEqual([]);
    expect(refusal).toContain(reason);
  });

  it('keeps a tag that points to another image here than the one that vanished', async () => {
    const { rule, sync, prune, upstream, deps, content, tagsHere } = await withSample();
    const made = await rule();
    await sync(made);
    upstream.tagged.delete(Tag.parse('1.0'));
    await sync(made);
    const { digest, body, mediaType } = content.second.manifest;
    const { signal } = new AbortController();
    const moved = { digest, body, mediaType };
    await deps.openSink(made).putManifest(moved, [Tag.parse('1.0')], signal);
    expect(await prune(made, NOW)).toMatchObject({ removed: [], kept: ['1.0'] });
    expect(await tagsHere()).toHaveProperty(['1.0'], digest);
  });

  it.each([
    ['by a tag that no rule made', ['^2'], ['keep']],
    ['as a part of an index', ['^2', 'multi'], []],
  ])('keeps the signatures of an image that is in use %s', async (_, regex, others) => {
    const { rule, sync, prune, upstream, deps, content, tagsHere } = await withSample();
    const { digest, body, mediaType } = content.second.manifest;
    const signature = sampleImage('signature');
    const cosign = Tag.parse(`sha256-${Digest.hex(digest)}.sig`);
    const manifests = [{ ...signature.manifest, tags: [cosign] }];
    upstream.add({ blobs: signature.blobs, manifests });
    const made = await rule({ regex });
    await sync(made);
    const { signal } = new AbortController();
    const tags = others.map((tag) => Tag.parse(tag));
    await deps.openSink(made).putManifest({ digest, body, mediaType }, tags, signal);
    upstream.tagged.delete(Tag.parse('2.0'));
    await sync(made);
    expect((await prune(made, NOW)).removed).toEqual(['2.0']);
    expect(await tagsHere()).toHaveProperty([cosign]);
  });

  const NEWEST = { semver: '>=1.0', newest: 1, referrers: false };

  it('counts the grace anew of a tag that came back, though the rule took newer ones', async () => {
    const { rule, sync, upstream, pass, prune, storage } = await openSyncFixture();
    const image = sampleImage('versioned', ['1.0.0']);
    const newer = sampleImage('newer', ['2.0.0']);
    upstream.add({ blobs: image.blobs, manifests: [image.manifest] });
    const made = await rule(NEWEST);
    await sync(made);
    upstream.add({ blobs: newer.blobs, manifests: [newer.manifest] });
    upstream.tagged.delete(Tag.parse('1.0.0'));
    await sync(made);
    pass(20 * DAY);
    upstream.tagged.set(Tag.parse('1.0.0'), image.manifest.digest);
    await sync(made);
    const vanished = async () =>
      (await storage.mirrorTags.list(made.id)).find(({ name }) => name === '1.0.0')?.vanishedAt;
    expect(await vanished()).toBeUndefined();
    upstream.tagged.delete(Tag.parse('1.0.0'));
    await sync(made);
    pass(20 * DAY);
    expect(await prune(made)).toMatchObject({ removed: [], refusal: undefined });
    pass(11 * DAY);
    expect((await prune(made)).removed).toEqual(['1.0.0']);
  });

  it('counts the grace anew of a tag that came back and failed', async () => {
    const { rule, sync, upstream, content, pass, storage } = await withSample();
    const made = await rule();
    await sync(made);
    upstream.tagged.delete(Tag.parse('2.0'));
    await sync(made);
    pass(20 * DAY);
    upstream.tagged.set(Tag.parse('2.0'), content.second.manifest.digest);
    upstream.before = (request) => {
      if (request === 'head tag:2.0') throw mirrorError('upstream-denied', 'who are you?');
    };
    await sync(made);
    const noted = (await storage.mirrorTags.list(made.id)).find(({ name }) => name === '2.0');
    expect(noted).toMatchObject({ error: 'who are you?', vanishedAt: undefined });
  });

  it('comes before the end of its rule is told', async () => {
    const { rule, sync, upstream } = await withSample();
    const made = await rule({ prune: { after_days: 0 } });
    await sync(made);
    upstream.tagged.delete(Tag.parse('1.0'));
    const told: unknown[] = [];
    const ruleEnded: SyncProgress['ruleEnded'] = (_, pruned) => void told.push(pruned?.removed);
    await sync(made, { progress: { ...SILENT_SYNC, ruleEnded } });
    expect(told).toEqual([['1.0']]);
  });
});
