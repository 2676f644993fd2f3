// Across the air gap: what comes in, what is refused, and in which order sticks may come.
import { RepositoryName, Tag } from '@portolan/oci';
import * as fc from 'fast-check';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { knownFromBundle } from '../../src/bundle/known-content.ts';
import { parseSelectors } from '../../src/selection/selectors.ts';
import { generateBundleKey } from '../../src/bundle/signature.ts';
import {
  collect,
  describeBytes,
  sample,
  sampleImage,
  sampleIndex,
  sampleReferrer,
  sampleWithSignatures,
  type SampleContent,
} from '../places/sample-content.ts';
import { BUSYBOX, signal, temporaryDirectory } from './bundle-fixture.ts';
import { DAMAGES, SPLIT_AT } from './damage.ts';
import { openRegistry, SILENT_IMPORT, type TestRegistry } from './registry-fixture.ts';

const ALPINE = RepositoryName.parse('docker.io/library/alpine');

function imageOf(seed: string, ...tags: string[]): SampleContent {
  const { blobs, manifest } = sampleImage(seed, tags);
  return { blobs, manifests: [manifest] };
}

async function expectBlobs(registry: TestRegistry, { blobs }: SampleContent): Promise<void> {
  for (const bytes of blobs) {
    const blob = describeBytes(bytes);
    const stored = await registry.repository(BUSYBOX).blob(blob, 0, signal);
    expect((await collect(stored)).equals(bytes)).toBe(true);
  }
}

describe('importing a bundle', () => {
  it('brings every tag, index, blob and signature', async () => {
    const [here, there] = [await openRegistry(), await openRegistry()];
    const content = sample();
    await here.put(BUSYBOX, content);
    const { directory } = await here.exportTo({ maxFileSize: SPLIT_AT });
    const report = await there.importFrom(directory);
    expect(report.references.map(({ outcome }) => outcome)).toEqual(Array(5).fill('new'));
    expect(await there.tags()).toEqual(await here.tags());
    await expectBlobs(there, content);
    const [signature] = await there
      .repository(BUSYBOX)
      .referrers(content.first.manifest.digest, signal);
    expect(signature?.digest).toBe(content.referrer?.manifest.digest);
    const namespace = await there.storage.namespaces.find('docker.io');
    expect(namespace).toMatchObject({ isMirror: true, visibility: 'private' });
  });

  it('is the identity after an export, whatever the images and the limit', async () => {
    const seeds = fc.uniqueArray(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 4 });
    const limits = fc.integer({ min: 1024, max: 100_000 });
    await fc.assert(
      fc.asyncProperty(seeds, limits, fc.boolean(), async (all, maxFileSize, isIndexed) => {
        const [here, there] = [await openRegistry(), await openRegistry()];
        const images = all.map((seed) =>
          sampleImage(`image ${seed}`, isIndexed ? [] : [`t${seed}`]),
        );
        const manifests = images.map(({ manifest }) => manifest);
        const index = isIndexed ? [sampleIndex(manifests, ['multi'])] : [];
        const blobs = images.flatMap((image) => image.blobs);
        const content = { blobs, manifests: [...manifests, ...index] };
        await here.put(BUSYBOX, content);
        const { directory } = await here.exportTo({ maxFileSize });
        await there.importFrom(directory);
        expect(await there.tags()).toEqual(await here.tags());
        await expectBlobs(there, content);
      }),
      { numRuns: 12 },
    );
  });

  it('changes nothing the second time', async () => {
    const [here, there] = [await openRegistry(), await openRegistry()];
    await here.put(BUSYBOX, sample());
    const { directory } = await here.exportTo();
    await there.importFrom(directory);
    const { references } = await there.importFrom(directory);
    expect(references.map(({ outcome }) => outcome)).toEqual(Array(5).fill('unchanged'));
  });

  it.each(DAMAGES)('publishes nothing when $name', async ({ damage }) => {
    const [here, there] = [await openRegistry(), await openRegistry()];
    await here.put(BUSYBOX, sample());
    const { directory } = await here.exportTo({ maxFileSize: SPLIT_AT });
    // The table was written for the fixture's program.
    damage(directory);
    await expect(there.importFrom(directory)).rejects.toMatchObject({
      code: expect.stringMatching(/^(?:bundle-invalid|place-incomplete)$/),
    });
    expect(await there.tags()).toEqual({});
    expect(await there.storage.bundles.list('import')).toEqual([]);
  });

  it('calls an empty directory and an unfinished export what they are', async () => {
    const [here, there] = [await openRegistry(), await openRegistry()];
    await here.put(BUSYBOX, sample());
    const { directory } = await here.exportTo();
    rmSync(join(directory, 'SHA256SUMS'));
    for (const [from, code, message] of [
      [await temporaryDirectory(), 'place-incomplete', 'there is no bundle here'],
      [join(directory, 'nowhere'), 'request-invalid', 'there is no such directory'],
      [directory, 'place-incomplete', 'the bundle is not complete: it has no SHA256SUMS'],
    ] as const) {
      await expect(there.importFrom(from)).rejects.toMatchObject({
        code,
        message,
        detail: { hint: expect.any(String) },
      });
    }
  });

  it('calls an unsigned bundle unsigned, and no damaged one', async () => {
    const [here, there] = [await openRegistry(), await openRegistry()];
    await here.put(BUSYBOX, sample());
    const { publicKey, privateKey } = generateBundleKey();
    const unsigned = await here.exportTo();
    await expect(there.importFrom(unsigned.directory, { publicKey })).rejects.toMatchObject({
      code: 'bundle-invalid',
      message: 'the bundle is not signed; nothing was imported',
    });
    const signed = await here.exportTo({ privateKey });
    const other = generateBundleKey().publicKey;
    await expect(there.importFrom(signed.directory, { publicKey: other })).rejects.toMatchObject({
      code: 'bundle-invalid',
      message: 'the bundle is not signed with this key; nothing was imported',
    });
    expect(await there.tags()).toEqual({});
  });

  it('calls one that is damaged and not signed damaged', async () => {
    const [here, there] = [await openRegistry(), await openRegistry()];
    await here.put(BUSYBOX, sample());
    const { directory } = await here.exportTo();
    writeFileSync(join(directory, 'oci-layout'), '{}');
    const { publicKey } = generateBundleKey();
    for (const options of [{}, { publicKey }]) {
      await expect(there.importFrom(directory, options)).rejects.toThrow('damaged');
    }
  });

  it('says that it has verified only what is sound', async () => {
    const [here, there] = [await openRegistry(), await openRegistry()];
    await here.put(BUSYBOX, sample());
    const { directory } = await here.exportTo();
    const told: string[] = [];
    const progress = { ...SILENT_IMPORT, verified: () => void told.push('verified') };
    writeFileSync(join(directory, 'index.json'), '{}');
    await expect(there.importFrom(directory, { progress })).rejects.toThrow('damaged');
    expect(told).toEqual([]);
  });

  it('publishes nothing without the signature that is asked for', async () => {
    const [here, there] = [await openRegistry(), await openRegistry()];
    await here.put(BUSYBOX, sample());
    const { directory } = await here.exportTo();
    const { publicKey } = generateBundleKey();
    const unsigned = there.importFrom(directory, { publicKey });
    await expect(unsigned).rejects.toMatchObject({ code: 'bundle-invalid' });
    expect(await there.tags()).toEqual({});
  });

  it('takes only what is asked for', async () => {
    const [here, there] = [await openRegistry(), await openRegistry()];
    await here.put(BUSYBOX, sample());
    await here.put(ALPINE, imageOf('alpine', '3.20'));
    const { directory } = await here.exportTo();
    await there.importFrom(directory, { selector: parseSelectors(['**/busybox:?.0']) });
    expect(Object.keys(await there.tags())).toEqual([`${BUSYBOX}:1.0`, `${BUSYBOX}:2.0`]);
    const none = await there.importFrom(directory, { selector: parseSelectors(['quay.io/**']) });
    expect(none.references).toEqual([]);
  });

  it('puts a prefix in front of names', async () => {
    const [here, there] = [await openRegistry(), await openRegistry()];
    await here.put(ALPINE, imageOf('alpine', '3.20'));
    const { directory } = await here.exportTo();
    await there.importFrom(directory, { prefix: 'sticks' });
    expect(Object.keys(await there.tags())).toEqual([`sticks/${ALPINE}:3.20`]);
  });

  it('does not write to what people have pushed', async () => {
    const [here, there] = [await openRegistry(), await openRegistry()];
    await here.put(BUSYBOX, sample());
    const { directory } = await here.exportTo();
    await there.put(ALPINE, imageOf('mine', '1'));
    await there.storage.namespaces.set('docker.io', { isMirror: false }, 'tester');
    for (const isDryRun of [true, false]) {
      await expect(there.importFrom(directory, { isDryRun })).rejects.toMatchObject({
        code: 'name-taken',
      });
    }
    expect(Object.keys(await there.tags())).toEqual([`${ALPINE}:1`]);
  });

  it('takes of a selected image also what is attached to it, as an export would', async () => {
    const [here, there, narrow] = [
      await openRegistry(),
      await openRegistry(),
      await openRegistry(),
    ];
    const content = sampleWithSignatures();
    await here.put(BUSYBOX, content);
    const selection = ['**/busybox:1.0'];
    const { directory } = await here.exportTo();
    const selector = parseSelectors(selection);
    const foreseen = await there.importFrom(directory, { selector, isDryRun: true });
    const { references } = await there.importFrom(directory, { selector });
    await narrow.importFrom((await here.exportTo({ select: selection })).directory);
    expect(references).toEqual(foreseen.references);
    expect(references).toHaveLength(5);
    expect(await there.tags()).toEqual(await narrow.tags());
    expect(Object.keys(await there.tags())).toHaveLength(4);
    const [signature] = await there
      .repository(BUSYBOX)
      .referrers(content.first.manifest.digest, signal);
    expect(signature?.digest).toBe(content.referrer?.manifest.digest);
  });

  it('takes what is attached by its digest, whatever tag it has beside', async () => {
    const [here, there] = [await openRegistry(), await openRegistry()];
    const content = sample();
    const { manifest } = sampleReferrer(content.first.manifest);
    await here.put(BUSYBOX, content);
    await here.put(BUSYBOX, {
      blobs: [],
      manifests: [{ ...manifest, tags: [Tag.parse('signature')] }],
    });
    const { directory } = await here.exportTo();
    await there.importFrom(directory, { selector: parseSelectors(['**/busybox:1.0']) });
    expect(Object.keys(await there.tags())).toEqual([`${BUSYBOX}:1.0`]);
    const referrers = await there
      .repository(BUSYBOX)
      .referrers(content.first.manifest.digest, signal);
    expect(referrers.map(({ digest }) => digest)).toEqual([manifest.digest]);
  });

  it('says in a dry run what would come, and does none of it', async () => {
    const [here, there] = [await openRegistry(), await openRegistry()];
    await here.put(BUSYBOX, sample());
    const { directory } = await here.exportTo();
    const { references } = await there.importFrom(directory, { isDryRun: true });
    expect(references.map(({ outcome }) => outcome)).toEqual(Array(5).fill('new'));
    expect(await there.tags()).toEqual({});
    expect(await there.storage.namespaces.find('docker.io')).toBeUndefined();
  });

  it('keeps an index as sparse as it was', async () => {
    const [here, there] = [await openRegistry(), await openRegistry()];
    const { first, second } = sample();
    const index = sampleIndex([first.manifest, second.manifest], ['multi']);
    await here.put(BUSYBOX, {
      blobs: first.blobs,
      manifests: [{ ...first.manifest, tags: [] }, index],
    });
    const { directory, document } = await here.exportTo();
    expect(document.omitted).toEqual([second.manifest.digest]);
    const { references } = await there.importFrom(directory);
    expect(references).toMatchObject([{ outcome: 'new', error: undefined }]);
    expect(await there.tags()).toEqual({ [`${BUSYBOX}:multi`]: index.digest });
  });
});

describe('bundles one after the other', () => {
  it('refuses an older one that would turn a tag back', async () => {
    const [here, there] = [await openRegistry(), await openRegistry()];
    await here.put(BUSYBOX, imageOf('old', 'latest'));
    const older = await here.exportTo();
    await here.put(BUSYBOX, imageOf('new', 'latest'));
    const newer = await here.exportTo();
    await there.importFrom(newer.directory);
    const before = await there.tags();
    await expect(there.importFrom(older.directory)).rejects.toMatchObject({
      code: 'bundle-outdated',
      detail: {
        references: [`${BUSYBOX}:latest`],
        newerBundles: [newer.document.id],
      },
    });
    expect(await there.tags()).toEqual(before);
    const report = await there.importFrom(older.directory, { allowsOlder: true });
    expect(report.references).toMatchObject([{ outcome: 'moved' }]);
    expect(await there.tags()).not.toEqual(before);
  });

  it('takes an older one that says nothing against the newer', async () => {
    const [here, there] = [await openRegistry(), await openRegistry()];
    await here.put(BUSYBOX, imageOf('one', '1'));
    const older = await here.exportTo();
    await here.put(BUSYBOX, imageOf('two', '2'));
    const newer = await here.exportTo();
    await there.importFrom(newer.directory);
    await there.importFrom(older.directory);
    expect(await there.tags()).toEqual(await here.tags());
  });

  it('leaves out what an earlier one brought, and names what is missing without it', async () => {
    const [here, there] = [await openRegistry(), await openRegistry()];
    await here.put(BUSYBOX, imageOf('one', '1'));
    const first = await here.exportTo();
    const shared = sampleImage('one');
    const more = sampleIndex([shared.manifest], ['multi']);
    await here.put(BUSYBOX, { blobs: [], manifests: [more] });
    const second = await here.exportTo({ known: knownFromBundle(first.document) });
    expect(second.document.base).toEqual({ kind: 'bundle', id: first.document.id });
    expect(second.document.expected.map(({ digest }) => digest).sort()).toEqual(
      shared.blobs.map((bytes) => describeBytes(bytes).digest).sort(),
    );
    for (const isDryRun of [true, false]) {
      await expect(there.importFrom(second.directory, { isDryRun })).rejects.toMatchObject({
        code: 'place-incomplete',
        detail: {
          madeAgainst: `bundle ${first.document.id}`,
          blobs: expect.arrayContaining(second.document.expected.map(({ digest }) => digest)),
        },
      });
    }
    expect(await there.tags()).toEqual({});
    expect(await there.storage.namespaces.find('docker.io')).toBeUndefined();
    await there.importFrom(first.directory);
    await there.importFrom(second.directory);
    expect(await there.tags()).toEqual(await here.tags());
  });

  it('are small against a have.json, and come in any order', async () => {
    const [here, there] = [await openRegistry(), await openRegistry()];
    await here.put(BUSYBOX, imageOf('one', '1'));
    await there.importFrom((await here.exportTo()).directory);
    const known = await there.have();
    await here.put(BUSYBOX, imageOf('two', '2'));
    await here.put(ALPINE, imageOf('three', '3'));
    const sticks = [
      await here.exportTo({ known, select: ['**/busybox'] }),
      await here.exportTo({ known, select: ['**/alpine'] }),
    ];
    const [busybox] = sticks;
    expect(busybox?.document.expected).toHaveLength(2);
    expect(busybox?.document.blobs.filter(({ manifest }) => manifest === undefined)).toHaveLength(
      2,
    );
    for (const { directory } of sticks.toReversed()) await there.importFrom(directory);
    expect(await there.tags()).toEqual(await here.tags());
  });
});
