// What must hold whatever happens upstream and whenever a run is cut off.
import { type Digest, Tag } from '@portolan/oci';
import type { MirrorRule } from '@portolan/storage';
import {
  array,
  assert,
  asyncProperty,
  constantFrom,
  nat,
  record,
  type Arbitrary,
} from 'fast-check';
import { expect, it } from 'vitest';
import { mirrorError } from '../../src/errors.ts';
import { selectTags, type TagSelection } from '../../src/selection/tag-selection.ts';
import { createMemoryPlace, type MemoryPlace } from '../fixtures/memory-place.ts';
import { sampleImage, sampleIndex, sampleReferrer } from '../places/sample-content.ts';
import { openSyncFixture, type SyncFixture } from './sync-fixture.ts';

interface Edit {
  readonly kind: 'image' | 'index' | 'signed' | 'delete';
  readonly tag: Tag;
  readonly seed: number;
}

const TAGS = ['1.0', '1.1', '2.0', 'latest', 'edge'].map((tag) => Tag.parse(tag));

const edits: Arbitrary<Edit[]> = array(
  record({
    kind: constantFrom<Edit['kind'][]>('image', 'index', 'signed', 'delete'),
    tag: constantFrom(...TAGS),
    seed: nat(6),
  }),
  { minLength: 1, maxLength: 8 },
);

function edit(upstream: MemoryPlace, { kind, tag, seed }: Edit): void {
  if (kind === 'delete') {
    upstream.tagged.delete(tag);
    return;
  }
  const [one, two] = [sampleImage(`${seed}`), sampleImage(`${seed + 1}`)];
  const manifests = [one.manifest, two.manifest];
  const root = kind === 'index' ? sampleIndex(manifests) : one.manifest;
  const signature = kind === 'signed' ? sampleReferrer(root) : undefined;
  upstream.add({
    blobs: [...one.blobs, ...two.blobs, ...(signature?.blobs ?? [])],
    manifests: [...manifests, root, ...(signature === undefined ? [] : [signature.manifest])],
  });
  upstream.tagged.set(tag, root.digest);
}

/** Tags that the rule takes and that are there now; those that vanished stay as they were. */
function expected(
  upstream: MemoryPlace,
  selection: TagSelection,
  before: Readonly<Record<string, string>>,
): Record<string, string> {
  const { tags } = selectTags([...upstream.tagged.keys()], selection);
  const now = tags.map((tag) => [tag, upstream.tagged.get(tag) as Digest]);
  return { ...before, ...Object.fromEntries(now) };
}

/** Every tag here can be pulled whole: a second copy of it from here needs nothing that is missing. */
async function expectWhole({ deps }: SyncFixture, rule: MirrorRule, tags: readonly string[]) {
  const { copyImage } = await import('../../src/copy/copy-image.ts');
  const { SILENT_COPY } = await import('../../src/sync/sync-progress.ts');
  const source = deps.openSink(rule) as unknown as MemoryPlace;
  const sink = createMemoryPlace('check');
  sink.allowsSparse = false;
  for (const text of tags) {
    const tag = Tag.parse(text);
    await copyImage({
      source,
      sink,
      reference: { kind: 'tag', tag },
      tags: [tag],
      platforms: undefined,
      withReferrers: true,
      blobsAtOnce: 2,
      signal: new AbortController().signal,
      progress: SILENT_COPY,
    });
  }
}

const SELECTIONS: readonly TagSelection[] = [
  {},
  { regex: ['^1'] },
  { semver: '>=1.1' },
  { exclude: ['e'] },
];

it('after any edits upstream, a run makes the mirror what the rule selects, and a second does nothing', async () => {
  await assert(
    asyncProperty(
      array(edits, { minLength: 1, maxLength: 3 }),
      constantFrom(...SELECTIONS),
      async (rounds, selection) => {
        const fixture = await openSyncFixture();
        const { upstream, sync, tagsHere } = fixture;
        const rule = await fixture.rule(selection);
        let here: Record<string, string> = {};
        for (const round of rounds) {
          for (const each of round) edit(upstream, each);
          here = expected(upstream, selection, here);
          const { report } = await sync(rule, { isThorough: true });
          expect(report.outcome).toBe('ok');
          expect(await tagsHere()).toEqual(here);
          const again = await sync(rule);
          expect(again.report.counts.copied).toBe(0);
          expect(again.report.pulls).toBe(0);
        }
        await expectWhole(fixture, rule, Object.keys(here));
      },
    ),
    { numRuns: 15 },
  );
});

it('a run that is cut off at any request leaves whole images alone, and the next gives the same end', async () => {
  await assert(
    asyncProperty(edits, nat(40), nat(1), async (round, stop, how) => {
      const fixture = await openSyncFixture();
      const { upstream, sync, tagsHere } = fixture;
      const rule = await fixture.rule();
      for (const each of round) edit(upstream, each);
      const controller = new AbortController();
      let asked = 0;
      upstream.before = (): void => {
        if (asked++ < stop) return;
        if (how === 0) throw mirrorError('upstream-unavailable', 'the cable is out');
        controller.abort(new Error('killed'));
      };
      await sync(rule, { signal: controller.signal });
      upstream.before = () => undefined;
      await expectWhole(fixture, rule, Object.keys(await tagsHere()));
      const { report } = await sync(rule, { isThorough: true });
      expect(report.outcome).toBe('ok');
      expect(await tagsHere()).toEqual(Object.fromEntries(upstream.tagged));
      await expectWhole(fixture, rule, Object.keys(await tagsHere()));
    }),
    { numRuns: 25 },
  );
});
