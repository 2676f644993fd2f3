// What every place must keep to, whatever stands behind it. A test file of a place is:
//
//   describeSource('a registry', async (content) => source, { hasReferrers: true });
//   describeSink('a registry', async () => ({ sink, read: async () => source }), { keepsUntagged: true });
//
// `make` runs inside of each test and cleans up by vitest's `onTestFinished`. The source must hold
// `content` (sample-content.ts); the sink starts empty, and `read` opens the same place for reading.
// Options leave out what a place cannot have; each defaults to true.
import { type Reference, Tag } from '@portolan/oci';
import { describe, expect, it } from 'vitest';
import type { SinkRepository, SourceRepository } from '../../src/places/place.ts';
import {
  collect,
  describeBytes,
  digestOf,
  inParts,
  sample,
  sampleImage,
  sampleIndex,
  type SampleContent,
  type SampleImage,
  type SampleManifest,
} from './sample-content.ts';

export interface SourceOptions {
  /** False where there is neither a referrers API nor a fallback tag (skopeo's `dir:`). */
  readonly hasReferrers?: boolean;
}

export interface SinkPlace {
  readonly sink: SinkRepository;
  readonly read: () => Promise<SourceRepository>;
}

export interface SinkOptions {
  /** False where a manifest can only be kept below a tag (skopeo's `dir:`). */
  readonly keepsUntagged?: boolean;
  /** False where an index is refused while a child is missing. */
  readonly takesSparseIndexes?: boolean;
  /** False where nothing of an interrupted blob can be kept. */
  readonly resumes?: boolean;
}

const signal = new AbortController().signal;
const tagged = (tag: string): Reference => ({ kind: 'tag', tag: Tag.parse(tag) });
const at = ({ digest }: Pick<SampleManifest, 'digest'>): Reference => ({ kind: 'digest', digest });
const ABSENT = at({ digest: digestOf(Buffer.from('absent')) });

/** The place may find a hole in what it holds, or just have nothing there. */
const MISSING = { code: expect.stringMatching(/^(?:upstream-absent|place-incomplete)$/) };

export function describeSource(
  name: string,
  make: (content: SampleContent) => Promise<SourceRepository>,
  { hasReferrers = true }: SourceOptions = {},
): void {
  const content = sample({ withReferrer: hasReferrers });
  const { first, second, index, referrer } = content;
  const layer = first.blobs[1] ?? Buffer.alloc(0);

  describe(`${name} as a source`, () => {
    it('lists its tags', async () => {
      const tags = await (await make(content)).tags(signal);
      expect([...tags].sort()).toEqual(['1.0', '2.0', 'latest', 'multi']);
    });

    it.each<[string, Reference, SampleManifest]>([
      ['a tag', tagged('latest'), first.manifest],
      ['a digest', at(second.manifest), second.manifest],
      ['a tag of an index', tagged('multi'), index],
      ['a digest of an index', at(index), index],
    ])('gives the head and the exact bytes of %s', async (_what, reference, expected) => {
      const source = await make(content);
      const { digest, mediaType, body } = expected;
      const head = await source.head(reference, signal);
      expect(head?.digest).toBe(digest);
      expect([mediaType, undefined]).toContain(head?.mediaType);
      expect([body.length, undefined]).toContain(head?.size);
      const manifest = await source.manifest(reference, signal);
      expect(manifest).toMatchObject({ digest, mediaType });
      expect(manifest?.body.equals(body)).toBe(true);
    });

    it.each([
      ['tag', tagged('absent')],
      ['digest', ABSENT],
    ])('has nothing under an absent %s', async (_what, reference) => {
      const source = await make(content);
      expect(await source.head(reference, signal)).toBeUndefined();
      expect(await source.manifest(reference, signal)).toBeUndefined();
    });

    it.each([0, 1, 40_000, layer.length - 1])('gives a blob from byte %i', async (start) => {
      const source = await make(content);
      const bytes = await collect(await source.blob(describeBytes(layer), start, signal));
      expect(bytes.equals(layer.subarray(start))).toBe(true);
    });

    it('does not give a blob that it has not', async () => {
      const source = await make(content);
      const descriptor = describeBytes(Buffer.from('absent'));
      const read = async () => collect(await source.blob(descriptor, 0, signal));
      await expect(read()).rejects.toMatchObject(MISSING);
    });

    it('does nothing for whoever has gone', async () => {
      const source = await make(content);
      const gone = AbortSignal.abort();
      await expect(source.manifest(tagged('latest'), gone)).rejects.toThrow();
      const read = async () => collect(await source.blob(describeBytes(layer), 0, gone));
      await expect(read()).rejects.toThrow();
    });

    it('lists what refers to a manifest', async () => {
      const source = await make(content);
      const found = await source.referrers(first.manifest.digest, signal);
      const expected = referrer === undefined ? [] : [referrer.manifest.digest];
      expect(found.map(({ digest }) => digest)).toEqual(expected);
      expect(await source.referrers(second.manifest.digest, signal)).toEqual([]);
    });
  });
}

async function putBlobs(sink: SinkRepository, { blobs }: Pick<SampleImage, 'blobs'>) {
  for (const bytes of blobs) {
    const open = async (start: number) => inParts(bytes.subarray(start));
    await sink.putBlob(describeBytes(bytes), open, signal);
  }
}

async function putImage(sink: SinkRepository, image: SampleImage): Promise<void> {
  await putBlobs(sink, image);
  await sink.putManifest(image.manifest, image.manifest.tags, signal);
}

async function* brokenAfter(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield* inParts(bytes);
  throw new Error('connection lost');
}

export function describeSink(
  name: string,
  make: () => Promise<SinkPlace>,
  { keepsUntagged = true, takesSparseIndexes = true, resumes = true }: SinkOptions = {},
): void {
  const image = sampleImage('first', ['1.0', 'latest']);
  const other = sampleImage('second', ['2.0']);
  const bytes = image.blobs[1] ?? Buffer.alloc(0);
  const blob = describeBytes(bytes);
  const half = 32_768;
  const open = async (start: number) => inParts(bytes.subarray(start));

  describe(`${name} as a sink`, () => {
    it('has nothing at first', async () => {
      const { sink } = await make();
      expect(await sink.hasBlob(blob, signal)).toBe(false);
      expect(await sink.head(tagged('latest'), signal)).toBeUndefined();
      expect(await sink.head(at(image.manifest), signal)).toBeUndefined();
    });

    it('has a blob once it was put, and opens it from the start', async () => {
      const { sink } = await make();
      const starts: number[] = [];
      const noting = (start: number) => {
        starts.push(start);
        return open(start);
      };
      await sink.putBlob(blob, noting, signal);
      expect(starts).toEqual([0]);
      expect(await sink.hasBlob(blob, signal)).toBe(true);
    });

    it.each([
      ['other bytes', Buffer.from(bytes).fill(1, 100, 101)],
      ['too many bytes', Buffer.concat([bytes, Buffer.from('x')])],
    ])('keeps nothing of %s, and takes the right ones afterwards', async (_what, wrong) => {
      const { sink } = await make();
      const put = (given: Uint8Array) =>
        sink.putBlob(blob, async (start) => inParts(given.subarray(start)), signal);
      await expect(put(wrong)).rejects.toMatchObject({ code: 'upstream-corrupt' });
      expect(await sink.hasBlob(blob, signal)).toBe(false);
      await put(bytes);
      expect(await sink.hasBlob(blob, signal)).toBe(true);
    });

    it('has no blob that ended early, and takes it afterwards', async () => {
      const { sink } = await make();
      const put = (given: Uint8Array) =>
        sink.putBlob(blob, async (start) => inParts(given.subarray(start)), signal);
      await expect(put(bytes.subarray(0, half))).rejects.toThrow();
      expect(await sink.hasBlob(blob, signal)).toBe(false);
      await put(bytes);
      expect(await sink.hasBlob(blob, signal)).toBe(true);
    });

    it('goes on with a blob where it was interrupted', async () => {
      const { sink, read } = await make();
      const broken = async (start: number) => brokenAfter(bytes.subarray(start, half));
      await expect(sink.putBlob(blob, broken, signal)).rejects.toThrow();
      expect(await sink.hasBlob(blob, signal)).toBe(false);
      const starts: number[] = [];
      const noting = (start: number) => {
        starts.push(start);
        return open(start);
      };
      await sink.putBlob(blob, noting, signal);
      expect(starts).toHaveLength(1);
      expect(starts[0]).toBeLessThanOrEqual(half);
      if (resumes) expect(starts[0]).toBeGreaterThan(0);
      await putImage(sink, image);
      const stored = await collect(await (await read()).blob(blob, 0, signal));
      expect(stored.equals(bytes)).toBe(true);
    });

    it('starts anew when the first half turns out to be of something else', async () => {
      const { sink } = await make();
      const wrong = Buffer.alloc(half, 7);
      const broken = async (start: number) => brokenAfter(wrong.subarray(start));
      await expect(sink.putBlob(blob, broken, signal)).rejects.toThrow();
      const second = await sink.putBlob(blob, open, signal).catch((error: unknown) => error);
      if (resumes) expect(second).toMatchObject({ code: 'upstream-corrupt' });
      await sink.putBlob(blob, open, signal);
      expect(await sink.hasBlob(blob, signal)).toBe(true);
    });

    it('takes an empty blob', async () => {
      const { sink } = await make();
      const empty = describeBytes(Buffer.alloc(0));
      await sink.putBlob(empty, async () => inParts(Buffer.alloc(0)), signal);
      expect(await sink.hasBlob(empty, signal)).toBe(true);
    });

    it('puts nothing for whoever has gone', async () => {
      const { sink } = await make();
      await expect(sink.putBlob(blob, open, AbortSignal.abort())).rejects.toThrow();
      expect(await sink.hasBlob(blob, signal)).toBe(false);
    });

    it('keeps an image byte for byte under all its tags', async () => {
      const { sink, read } = await make();
      await putImage(sink, image);
      await putImage(sink, image);
      const { digest, mediaType, body, tags } = image.manifest;
      for (const tag of tags) {
        expect((await sink.head(tagged(tag), signal))?.digest).toBe(digest);
      }
      const source = await read();
      const stored = await source.manifest(tagged('latest'), signal);
      expect(stored).toMatchObject({ digest, mediaType });
      expect(stored?.body.equals(body)).toBe(true);
      expect([...(await source.tags(signal))].sort()).toEqual([...tags].sort());
      for (const part of image.blobs) {
        const bytesHere = await collect(await source.blob(describeBytes(part), 0, signal));
        expect(bytesHere.equals(part)).toBe(true);
      }
    });

    it('moves a tag, and leaves its siblings', async () => {
      const { sink } = await make();
      await putImage(sink, image);
      await putBlobs(sink, other);
      await sink.putManifest(other.manifest, [Tag.parse('latest')], signal);
      expect((await sink.head(tagged('latest'), signal))?.digest).toBe(other.manifest.digest);
      expect((await sink.head(tagged('1.0'), signal))?.digest).toBe(image.manifest.digest);
    });

    it('keeps an index with its children', async () => {
      const { sink, read } = await make();
      for (const child of [image, other]) {
        await putBlobs(sink, child);
        await sink.putManifest(child.manifest, [], signal);
      }
      const index = sampleIndex([image.manifest, other.manifest], ['multi']);
      await sink.putManifest(index, index.tags, signal);
      expect((await sink.head(tagged('multi'), signal))?.digest).toBe(index.digest);
      const source = await read();
      for (const { digest, body } of [image.manifest, other.manifest, index]) {
        const stored = await source.manifest({ kind: 'digest', digest }, signal);
        expect(stored?.body.equals(body)).toBe(true);
      }
      expect(await source.tags(signal)).toEqual(['multi']);
    });

    if (takesSparseIndexes)
      it('keeps an index of which one child was left out', async () => {
        const { sink, read } = await make();
        await putBlobs(sink, image);
        await sink.putManifest(image.manifest, [], signal);
        const index = sampleIndex([image.manifest, other.manifest], ['multi']);
        await sink.putManifest(index, index.tags, signal);
        const source = await read();
        expect((await source.manifest(tagged('multi'), signal))?.body.equals(index.body)).toBe(
          true,
        );
        expect(await source.manifest(at(other.manifest), signal)).toBeUndefined();
      });

    if (keepsUntagged)
      it('keeps a manifest without a tag', async () => {
        const { sink, read } = await make();
        await putBlobs(sink, image);
        await sink.putManifest(image.manifest, [], signal);
        expect((await sink.head(at(image.manifest), signal))?.digest).toBe(image.manifest.digest);
        const stored = await (await read()).manifest(at(image.manifest), signal);
        expect(stored?.body.equals(image.manifest.body)).toBe(true);
      });
  });
}
