import type { Digest } from '@portolan/oci';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ExportItem } from '../../src/bundle/reference-content.ts';
import { extentOf } from '../../src/bundle/bundle-document.ts';
import { readKnownContent } from '../../src/bundle/known-content.ts';
import { exportRecord, findLastExport } from '../../src/bundle/last-export.ts';
import { generateBundleKey } from '../../src/bundle/signature.ts';
import { verifyBundle } from '../../src/bundle/verify-bundle.ts';
import { mirrorError } from '../../src/errors.ts';
import type { SourceRepository } from '../../src/places/place.ts';
import {
  describeBytes,
  inParts,
  sample,
  sampleImage,
  type SampleContent,
  sampleWithSignatures,
} from '../places/sample-content.ts';
import { BUSYBOX, signal, temporaryDirectory } from './bundle-fixture.ts';
import { SPLIT_AT } from './damage.ts';
import { exportItems, openRegistry, SILENT_EXPORT, tagged } from './registry-fixture.ts';

/** A repository in memory. `onChunk` may throw, as a connection breaks. */
function memorySource(content: SampleContent, onChunk: () => void = () => undefined) {
  const blobs = new Map(content.blobs.map((bytes) => [describeBytes(bytes).digest, bytes]));
  const starts = new Map<Digest, number>();
  const find: SourceRepository['manifest'] = async (reference) =>
    content.manifests.find(({ digest, tags }) =>
      reference.kind === 'digest' ? digest === reference.digest : tags.includes(reference.tag),
    );
  async function* read(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
    for await (const part of inParts(bytes, 8192)) {
      onChunk();
      yield part;
    }
  }
  const source: SourceRepository = {
    name: 'registry.example/library/busybox',
    tags: async () => content.manifests.flatMap(({ tags }) => [...tags]),
    async head(reference, until) {
      const found = await find(reference, until);
      return found && { ...found, size: found.body.length };
    },
    manifest: find,
    async blob({ digest }, start) {
      starts.set(digest, start);
      return read((blobs.get(digest) ?? Buffer.alloc(0)).subarray(start));
    },
    referrers: async () => [],
  };
  return { source, starts };
}

function itemOf(source: SourceRepository, ...tags: string[]): ExportItem {
  const references = tags.map(tagged);
  return { repository: BUSYBOX, source, references, platforms: undefined, mayBeSparse: false };
}

async function problemsOf(directory: string) {
  return (await verifyBundle(directory, { publicKey: undefined, signal })).problems;
}

/** Names and sums of all blobs. */
function blobSums(directory: string): string[] {
  const sums = readFileSync(join(directory, 'SHA256SUMS'), 'utf8').split('\n');
  return sums.filter((line) => line.includes('  blobs/'));
}

describe('exporting a bundle', () => {
  it('asks a registry nothing more that wants no more requests, and keeps what it has', async () => {
    const content = sample({ withReferrer: false });
    const { source } = memorySource(content);
    const asked: string[] = [];
    const limited: SourceRepository = {
      ...source,
      async manifest(reference, until) {
        if (reference.kind === 'tag') asked.push(reference.tag);
        if (reference.kind === 'tag' && reference.tag === '2.0') {
          throw mirrorError('upstream-limited', 'registry.example wants fewer requests');
        }
        return await source.manifest(reference, until);
      },
    };
    const directory = await temporaryDirectory();
    const { document, failed } = await exportItems(
      [itemOf(limited, '1.0', '2.0', 'latest'), itemOf(limited, 'multi')],
      { directory },
    );
    expect(asked).toEqual(['1.0', '2.0']);
    expect(document?.references.map(({ reference }) => reference)).toEqual([tagged('1.0')]);
    expect(failed.map(({ error }) => error)).toEqual(
      Array.from({ length: 3 }, () => expect.objectContaining({ code: 'upstream-limited' })),
    );
    expect(await problemsOf(directory)).toEqual([]);
  });

  it('goes on after an interruption at any moment, and comes to the same', async () => {
    const content = sample({ withReferrer: false });
    const tags = ['1.0', '2.0', 'latest', 'multi'];
    const options = { maxFileSize: SPLIT_AT, blobsAtOnce: 1, imagesAtOnce: 1 };
    const whole = await exportItems([itemOf(memorySource(content).source, ...tags)], options);
    let moments = 0;
    for (let chunks = 1; ; chunks++) {
      const directory = await temporaryDirectory();
      const stop = new AbortController();
      let left = chunks;
      const broken = memorySource(content, () => {
        left -= 1;
        if (left < 0) stop.abort(new Error('power failure'));
        stop.signal.throwIfAborted();
      });
      const items = [itemOf(broken.source, ...tags)];
      const interrupted = { ...options, directory, signal: stop.signal };
      const ended = await exportItems(items, interrupted).catch((error: unknown) => error);
      if (!(ended instanceof Error)) break;
      moments += 1;
      expect(await problemsOf(directory)).not.toEqual([]);
      await exportItems([itemOf(memorySource(content).source, ...tags)], { ...options, directory });
      expect(await problemsOf(directory)).toEqual([]);
      expect(blobSums(directory)).toEqual(blobSums(whole.directory));
      expect(readdirSync(directory)).not.toContain('unfinished');
    }
    expect(moments).toBeGreaterThan(10);
  });

  it('fetches of a blob only what an interrupted run has not brought', async () => {
    const content = sample({ withReferrer: false });
    const directory = await temporaryDirectory();
    let left = 6;
    const broken = memorySource(content, () => {
      left -= 1;
      if (left < 0) throw new Error('connection lost');
    });
    const options = { directory, imagesAtOnce: 1, blobsAtOnce: 1 };
    await exportItems([itemOf(broken.source, '1.0')], options).catch(() => undefined);
    const { source, starts } = memorySource(content);
    await exportItems([itemOf(source, '1.0')], options);
    const layer = describeBytes(content.first.blobs[1] ?? Buffer.alloc(0)).digest;
    expect(starts.get(layer)).toBeGreaterThan(0);
    expect(await problemsOf(directory)).toEqual([]);
  });

  it('keeps right files, mends wrong ones and removes what belongs to no image', async () => {
    const content = sample({ withReferrer: false });
    const first = memorySource(content);
    const { directory } = await exportItems([itemOf(first.source, '1.0', '2.0')]);
    const [wrong = ''] = blobSums(directory).map((line) => line.slice(66));
    writeFileSync(join(directory, wrong), 'wrong');
    writeFileSync(join(directory, 'blobs/sha256/stray'), 'x');
    const again = memorySource(content);
    await exportItems([itemOf(again.source, '1.0')], { directory });
    expect(await problemsOf(directory)).toEqual([]);
    expect(blobSums(directory)).toHaveLength(3);
    expect(again.starts.size).toBeLessThanOrEqual(1);
  });

  it('splits anew when the limit has changed', async () => {
    const content = sample({ withReferrer: false });
    const { directory } = await exportItems([itemOf(memorySource(content).source, '1.0')]);
    for (const maxFileSize of [SPLIT_AT, 30_000, 1_000_000]) {
      const item = itemOf(memorySource(content).source, '1.0');
      await exportItems([item], { directory, maxFileSize });
      expect(await problemsOf(directory)).toEqual([]);
    }
  });

  it('lists what cannot be had, and brings the others', async () => {
    const content = sample({ withReferrer: false });
    const { source } = memorySource(content);
    const { directory, document, failed } = await exportItems([itemOf(source, 'absent', '1.0')]);
    expect(failed.map(({ name }) => name)).toEqual([`${BUSYBOX}:absent`]);
    expect(document?.references).toHaveLength(1);
    expect(await problemsOf(directory)).toEqual([]);
  });

  it('leaves a bundle alone when nothing at all can be had', async () => {
    const { source } = memorySource(sample({ withReferrer: false }));
    const { directory } = await exportItems([itemOf(source, '1.0')]);
    const { document } = await exportItems([itemOf(source, 'absent')], { directory });
    expect(document).toBeUndefined();
    expect(await problemsOf(directory)).toEqual([]);
  });

  it('checks the space before the first byte', async () => {
    const layer = { ...describeBytes(Buffer.from('huge')), size: 2 ** 52 };
    const { manifest } = sampleImage('huge', ['1']);
    const document = { ...(JSON.parse(manifest.body.toString()) as object), layers: [layer] };
    const body = Buffer.from(JSON.stringify(document));
    const content = {
      blobs: [],
      manifests: [{ ...manifest, digest: describeBytes(body).digest, body }],
    };
    const directory = join(await temporaryDirectory(), 'new');
    const maxFileSize = 2 ** 51;
    const item = itemOf(memorySource(content).source, '1');
    for (const isDryRun of [true, false]) {
      await expect(exportItems([item], { directory, maxFileSize, isDryRun })).rejects.toMatchObject(
        {
          code: 'space-short',
          detail: { neededBytes: expect.any(Number), freeBytes: expect.any(Number) },
        },
      );
      expect(() => readdirSync(directory)).toThrow('ENOENT');
    }
  });

  it.each([true, false])('refuses a blob of too many parts (dry run: %s)', async (isDryRun) => {
    const layer = { ...describeBytes(Buffer.from('long')), size: 2 ** 30 };
    const { blobs, manifest } = sampleImage('long', ['1']);
    const parsed = { ...(JSON.parse(manifest.body.toString()) as object), layers: [layer] };
    const body = Buffer.from(JSON.stringify(parsed));
    const manifests = [{ ...manifest, digest: describeBytes(body).digest, body }];
    const item = itemOf(memorySource({ blobs, manifests }).source, '1');
    const { failed, document } = await exportItems([item], { maxFileSize: 1024, isDryRun });
    expect(failed).toMatchObject([{ error: { code: 'request-invalid' } }]);
    expect(document).toBeUndefined();
  });

  it('writes nothing in a dry run, and says what it would', async () => {
    const directory = join(await temporaryDirectory(), 'new');
    const { source } = memorySource(sample({ withReferrer: false }));
    const { plan } = await exportItems([itemOf(source, '1.0', 'latest')], {
      directory,
      isDryRun: true,
    });
    expect(plan).toMatchObject({ references: 2, manifests: 1, blobs: 2, newBytes: plan.bytes });
    // On a stick three small files take a cluster each.
    expect(plan.neededBytes).toBeGreaterThan(plan.bytes);
    expect(() => readdirSync(directory)).toThrow('ENOENT');
  });

  it.each([false, true])(
    'counts beforehand what it will hold, signatures by tag as well (platforms: %s)',
    async (isNarrowed) => {
      const here = await openRegistry();
      await here.put(BUSYBOX, sampleWithSignatures());
      const platforms = isNarrowed
        ? [{ os: 'linux', architecture: 'amd64', variant: undefined }]
        : undefined;
      const items = (await here.items(['**/busybox:1.0', '**/busybox:multi'])).map((item) => ({
        ...item,
        platforms,
      }));
      const dry = await exportItems(items, { isDryRun: true });
      const { plan, document } = await exportItems(items);
      expect(dry.plan).toEqual(plan);
      expect(document).toMatchObject({ references: { length: plan.references } });
      const { manifests, blobs, bytes } = plan;
      expect(document && extentOf(document)).toEqual({ manifests, blobs, bytes });
      expect(plan).toMatchObject({ images: 2, newBytes: bytes });
    },
  );

  it('asks an upstream once for each of the tags that a signature might have', async () => {
    const { source } = memorySource(sample({ withReferrer: false }));
    const asked: string[] = [];
    const counted: SourceRepository = {
      ...source,
      head(reference, ...rest) {
        asked.push(reference.kind === 'tag' ? reference.tag : reference.digest);
        return source.head(reference, ...rest);
      },
    };
    await exportItems([itemOf(counted, '1.0')]);
    expect(asked.map((tag) => tag.replace(/^.*\./, '')).sort()).toEqual(['att', 'sbom', 'sig']);
    asked.length = 0;
    await exportItems([{ ...itemOf(counted, '1.0'), tagsAtSource: new Set(['1.0']) }]);
    expect(asked).toEqual([]);
  });

  it('tells of each image what it has brought onto the stick, and so nothing the second time', async () => {
    const { source } = memorySource(sample({ withReferrer: false }));
    const told: number[] = [];
    const progress = {
      ...SILENT_EXPORT,
      copied: (_: string, bytes: number) => void told.push(bytes),
    };
    const options = { progress, imagesAtOnce: 1 };
    const first = await exportItems([itemOf(source, '1.0', 'latest')], options);
    expect(told).toEqual([first.plan.newBytes, 0]);
    told.length = 0;
    const { directory } = first;
    const { plan } = await exportItems([itemOf(source, '1.0', 'latest')], {
      ...options,
      directory,
    });
    expect(plan.newBytes).toBe(0);
    expect(told).toEqual([0, 0]);
  });

  it('makes its directory, and not the one that this is in: a stick may not be mounted', async () => {
    const root = await temporaryDirectory();
    const { source } = memorySource(sample({ withReferrer: false }));
    for (const isDryRun of [true, false]) {
      const directory = join(root, 'usb', 'bundle');
      await expect(
        exportItems([itemOf(source, '1.0')], { directory, isDryRun }),
      ).rejects.toMatchObject({
        code: 'request-invalid',
        message: `there is no directory ${join(root, 'usb')}`,
      });
    }
    expect(readdirSync(root)).toEqual([]);
    const directory = join(root, 'new');
    await exportItems([itemOf(source, '1.0')], { directory });
    expect(await problemsOf(directory)).toEqual([]);
  });

  it('refuses a file for a directory', async () => {
    const directory = join(await temporaryDirectory(), 'file');
    writeFileSync(directory, '');
    const { source } = memorySource(sample({ withReferrer: false }));
    await expect(exportItems([itemOf(source, '1.0')], { directory })).rejects.toMatchObject({
      code: 'request-invalid',
    });
  });

  it('refuses a key that cannot sign before it writes anything', async () => {
    const directory = join(await temporaryDirectory(), 'new');
    const { source } = memorySource(sample({ withReferrer: false }));
    const privateKey = generateBundleKey().publicKey;
    await expect(
      exportItems([itemOf(source, '1.0')], { directory, privateKey }),
    ).rejects.toMatchObject({ code: 'request-invalid' });
    expect(() => readdirSync(directory)).toThrow('ENOENT');
  });

  it('asks an upstream once for each manifest', async () => {
    const { source } = memorySource(sample({ withReferrer: false }));
    const asked: string[] = [];
    const counted: SourceRepository = {
      ...source,
      manifest(reference, ...rest) {
        asked.push(reference.kind === 'tag' ? reference.tag : reference.digest);
        return source.manifest(reference, ...rest);
      },
    };
    await exportItems([itemOf(counted, 'multi', 'latest')]);
    expect(new Set(asked).size).toBe(asked.length);
  });

  it('refuses a directory with an image layout of somebody else', async () => {
    const directory = await temporaryDirectory();
    mkdirSync(join(directory, 'blobs'));
    const { source } = memorySource(sample({ withReferrer: false }));
    for (const isDryRun of [true, false]) {
      await expect(
        exportItems([itemOf(source, '1.0')], { directory, isDryRun }),
      ).rejects.toMatchObject({ code: 'request-invalid', detail: { found: 'blobs' } });
    }
    expect(readdirSync(directory)).toEqual(['blobs']);
  });

  it('refuses a link for a directory, and leaves what is there', async () => {
    const directory = await temporaryDirectory();
    writeFileSync(join(directory, 'bundle.json'), '');
    symlinkSync(tmpdir(), join(directory, 'blobs'));
    const { source } = memorySource(sample({ withReferrer: false }));
    for (const isDryRun of [true, false]) {
      await expect(
        exportItems([itemOf(source, '1.0')], { directory, isDryRun }),
      ).rejects.toMatchObject({ code: 'bundle-invalid' });
    }
    expect(readdirSync(directory).sort()).toEqual(['blobs', 'bundle.json']);
  });

  it('comes to an end where no directory can be made', async () => {
    const { source } = memorySource(sample({ withReferrer: false }));
    // Which says of each new name in it that the parent is missing.
    const directory = '/proc/portolan';
    await expect(exportItems([itemOf(source, '1.0')], { directory })).rejects.toMatchObject({
      code: 'request-invalid',
      detail: { directory, hint: expect.any(String) },
    });
  });

  it('brings only the platforms that are asked for', async () => {
    const content = sample({ withReferrer: false });
    const { source } = memorySource(content);
    const platforms = [{ os: 'linux', architecture: 'amd64', variant: undefined }];
    const item = { ...itemOf(source, 'multi'), platforms };
    const { directory, document } = await exportItems([item]);
    expect(document?.omitted).toEqual([content.second.manifest.digest]);
    expect(await problemsOf(directory)).toEqual([]);
  });

  it('tells of each image as it comes', async () => {
    const { source } = memorySource(sample({ withReferrer: false }));
    const told: string[] = [];
    const progress = { ...SILENT_EXPORT, copied: (name: string) => void told.push(name) };
    await exportItems([itemOf(source, '1.0')], { progress });
    expect(told).toEqual([`${BUSYBOX}:1.0`]);
  });
});

describe('the base of a bundle', () => {
  it('is read from a bundle, its bundle.json, or a have.json', async () => {
    const here = await openRegistry();
    await here.put(BUSYBOX, sample());
    const { directory, document } = await here.exportTo();
    const known = await readKnownContent(directory);
    expect(known).toEqual(await readKnownContent(join(directory, 'bundle.json')));
    expect(known).toMatchObject({ kind: 'bundle', id: document.id });
  });

  it('is read from a pipe, and through a link', async () => {
    const here = await openRegistry();
    await here.put(BUSYBOX, sample());
    const file = join((await here.exportTo()).directory, 'bundle.json');
    const known = await readKnownContent(file);
    const [pipe, link] = [`${file}.pipe`, `${file}.link`];
    symlinkSync(file, link);
    execFileSync('mkfifo', [pipe]);
    const [piped] = await Promise.all([
      readKnownContent(pipe),
      writeFile(pipe, readFileSync(file)),
    ]);
    expect(piped).toEqual(known);
    expect(await readKnownContent(link)).toEqual(known);
  });

  it.each([
    ['index.json', 'is neither a have.json nor a bundle'],
    ['nope.json', 'cannot read'],
    ['blobs', 'there is no bundle'],
  ])('is not read from %s, which is named', async (name, message) => {
    const here = await openRegistry();
    await here.put(BUSYBOX, sample());
    const path = join((await here.exportTo()).directory, name);
    const failure = readKnownContent(path);
    await expect(failure).rejects.toMatchObject({
      code: 'request-invalid',
      message: expect.stringContaining(path),
      detail: { hint: expect.stringContaining('have.json') },
    });
    await expect(failure).rejects.toThrow(message);
  });

  it('is never the bundle that is being replaced', async () => {
    const here = await openRegistry();
    await here.put(BUSYBOX, sample());
    const { bundles } = here.storage;
    const first = await here.exportTo();
    await bundles.record(exportRecord(first.document), 'tester');
    await expect(findLastExport(bundles, first.directory)).rejects.toMatchObject({
      code: 'request-invalid',
    });
    const elsewhere = await temporaryDirectory();
    expect((await findLastExport(bundles, elsewhere)).id).toBe(first.document.id);
    const second = await here.exportTo();
    await bundles.record(exportRecord(second.document), 'tester');
    expect((await findLastExport(bundles, second.directory)).id).toBe(first.document.id);
  });
});
