// The run of a `sync`, from trees to trees: one platform or all, what a failure stops, what is tried
// again, and what a dry run leaves alone.
import { DomainError, OCI_INDEX, Tag } from '@portolan/oci';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { mirrorError } from '../../src/errors.ts';
import { createDirTree } from '../../src/places/dir-tree.ts';
import type { SourceRepository } from '../../src/places/place.ts';
import { findImages, type SyncImage } from '../../src/skopeo/sync-images.ts';
import { planItems, type SyncTarget } from '../../src/skopeo/sync-targets.ts';
import { syncImages, type SyncOptions, type SyncResult } from '../../src/skopeo/sync.ts';
import { parseSkopeoSource } from '../../src/skopeo/yaml-source.ts';
import { SILENT_COPY } from '../../src/sync/sync-progress.ts';
import {
  describeBytes,
  digestOf,
  inParts,
  sampleImage,
  type SampleManifest,
} from '../places/sample-content.ts';

const signal = new AbortController().signal;
const OWNER = { pid: process.pid, host: 'here' };
const amd64 = sampleImage('amd64');
const armV6 = sampleImage('arm v6');
const armV7 = sampleImage('arm v7');
const IMAGES = [amd64, armV6, armV7];

const INDEX: SampleManifest = (() => {
  const platforms = [
    { os: 'linux', architecture: 'amd64' },
    { os: 'linux', architecture: 'arm', variant: 'v6' },
    { os: 'linux', architecture: 'arm', variant: 'v7' },
  ];
  const manifests = IMAGES.map(({ manifest }, i) => ({
    ...describeBytes(manifest.body, manifest.mediaType),
    platform: platforms[i],
  }));
  const body = Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests }, null, 2),
  );
  return { digest: digestOf(body), mediaType: OCI_INDEX, body, tags: [] };
})();

async function makeDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'portolan-sync-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** `app:multi` is the index, the others are the amd64 image. */
async function makeSource(...tags: string[]): Promise<readonly SyncImage[]> {
  const root = await makeDirectory();
  const tree = createDirTree(root, OWNER);
  const sink = tree.repository('app');
  for (const { blobs, manifest } of IMAGES) {
    for (const blob of blobs) {
      if (await sink.hasBlob(describeBytes(blob), signal)) continue;
      await sink.putBlob(describeBytes(blob), async (at) => inParts(blob.subarray(at)), signal);
    }
    await sink.putManifest(manifest, [], signal);
  }
  for (const tag of tags) {
    await sink.putManifest(tag === 'multi' ? INDEX : amd64.manifest, [Tag.parse(tag)], signal);
  }
  await tree.close();
  const { images } = await findImages({ kind: 'dir', root }, openNothing, signal);
  return images;
}

const openNothing = () => Promise.reject(new Error('nothing upstream'));

const OPTIONS: SyncOptions = {
  platform: undefined,
  format: undefined,
  keepsGoing: false,
  isDryRun: false,
  retryTimes: 0,
  retryDelayMs: undefined,
};

async function run(images: readonly SyncImage[], options: Partial<SyncOptions> = {}) {
  const root = await makeDirectory();
  const tree = createDirTree(root, OWNER);
  const sleeps: number[] = [];
  const seen: SyncResult[] = [];
  const items = planItems(images, { kind: 'dir', root }, { isScoped: false, suffix: '' });
  const openSink = async ({ place }: SyncTarget, digest?: SyncResult['digest']) => {
    if (place.kind !== 'dir') throw new Error('not a directory');
    return tree.repository(place.name, digest);
  };
  const results = await syncImages(
    items,
    { ...OPTIONS, ...options },
    {
      openSink,
      sleep: async (milliseconds) => void sleeps.push(milliseconds),
      onResult: (result) => seen.push(result),
      onStart: () => SILENT_COPY,
      signal,
    },
  );
  await tree.close();
  return { results, seen, sleeps, root };
}

/** Fails so often before it works. */
function failing(image: SyncImage, times: number, error: Error): SyncImage {
  let left = times;
  const { repository } = image;
  const broken: SourceRepository = {
    ...repository,
    head: async (...args) => {
      if (left-- > 0) throw error;
      return repository.head(...args);
    },
  };
  return { ...image, repository: broken };
}

const gone = mirrorError('upstream-unavailable', 'gone for a moment');
const denied = mirrorError('upstream-denied', 'not yours');
const platformOf = (text: string) => {
  const [os = '', architecture = '', variant] = text.split('/');
  return { os, architecture, variant };
};

describe('sync', () => {
  it('takes an index with all that it has', async () => {
    const { results } = await run(await makeSource('multi'));
    expect(results).toMatchObject([{ status: 'copied', digest: INDEX.digest, isNarrowed: false }]);
  });

  it.each([
    ['linux/amd64', amd64],
    ['linux/arm/v7', armV7],
    ['linux/arm', armV7],
    ['linux/arm/v6', armV6],
    ['linux/arm/v8', armV7],
  ])('takes what %s runs', async (platform, expected) => {
    const { results } = await run(await makeSource('multi'), { platform: platformOf(platform) });
    expect(results).toMatchObject([
      { status: 'copied', digest: expected.manifest.digest, isNarrowed: true },
    ]);
  });

  it.each(['linux/s390x', 'windows/amd64', 'linux/arm/v5'])('has nothing for %s', async (name) => {
    const { results } = await run(await makeSource('multi'), { platform: platformOf(name) });
    expect(results).toMatchObject([{ status: 'failed', error: { code: 'upstream-absent' } }]);
  });

  it('takes an image that is of one platform as it is', async () => {
    const { results } = await run(await makeSource('1'), { platform: platformOf('linux/s390x') });
    expect(results).toMatchObject([{ status: 'copied', digest: amd64.manifest.digest }]);
  });

  it.each([
    ['oci', 'copied'],
    ['v2s2', 'failed'],
  ] as const)('with the format %s ends as %s, and converts nothing', async (format, status) => {
    const { results } = await run(await makeSource('1'), { format });
    expect(results).toMatchObject([{ status }]);
  });

  it('stops at the first failure', async () => {
    const images = await makeSource('1', '2', '3', '4', '5', '6');
    const broken = images.map((image, i) => (i === 0 ? failing(image, 9, denied) : image));
    const { results } = await run(broken);
    expect(results[0]).toMatchObject({ status: 'failed', error: denied });
    expect(results.length).toBeLessThan(6);
  });

  it('goes on after a failure when told so', async () => {
    const images = await makeSource('1', '2', '3', '4', '5', '6');
    const broken = images.map((image, i) => (i === 2 ? failing(image, 9, denied) : image));
    const { results, seen } = await run(broken, { keepsGoing: true });
    expect(results.map(({ status }) => status)).toEqual([
      'copied',
      'copied',
      'failed',
      'copied',
      'copied',
      'copied',
    ]);
    expect(seen).toHaveLength(6);
  });

  it.each([
    { what: 'what may pass', error: gone, times: 2, sleeps: [1000, 2000] },
    { what: 'at the given distance', error: gone, times: 2, retryDelayMs: 50, sleeps: [50, 50] },
    { what: 'not without end', error: gone, times: 9, sleeps: [1000, 2000, 4000] },
    { what: 'nothing that cannot pass', error: denied, times: 1, sleeps: [] },
  ])('tries again $what', async ({ error, times, retryDelayMs, sleeps }) => {
    const [image] = await makeSource('1');
    if (image === undefined) throw new Error('no image');
    const ran = await run([failing(image, times, error)], { retryTimes: 3, retryDelayMs });
    expect(ran.results).toMatchObject([{ status: times === 2 ? 'copied' : 'failed' }]);
    expect(ran.sleeps).toEqual(sleeps);
  });

  it('writes nothing at all in a dry run, and finds what is missing', async () => {
    const images = await makeSource('1');
    const absent: SyncImage = {
      ...(images[0] as SyncImage),
      reference: { kind: 'tag', tag: Tag.parse('absent') },
      label: 'absent',
    };
    const { results, root } = await run([...images, absent], { isDryRun: true, keepsGoing: true });
    expect(results.map(({ status }) => status)).toEqual(['missing', 'failed']);
    expect(await readdir(root)).toEqual([]);
  });
});

const tagged = (...tags: string[]): SourceRepository => ({
  name: 'q.io/a',
  tags: async () => tags.map((tag) => Tag.parse(tag)),
  head: async () => undefined,
  manifest: async () => undefined,
  blob: () => Promise.reject(new Error('unused')),
  referrers: async () => [],
});

async function find(yaml: string, repositories: Record<string, SourceRepository>) {
  const { registries } = parseSkopeoSource(yaml);
  const open = async ({ path }: { path: string }) =>
    repositories[path] ?? Promise.reject(mirrorError('upstream-absent', `no ${path}`));
  return findImages({ kind: 'yaml', registries }, open, signal);
}

describe('finding images', () => {
  it('takes what each section selects, and a tag of two sections once', async () => {
    const { images, problems } = await find(
      'q.io: {images: {a: [v1]}, images-by-tag-regex: {a: ^v}, images-by-semver: {b: ">=2"}}',
      { a: tagged('v1', 'v2', 'x'), b: tagged('1.0', '2.0', '3-rc') },
    );
    expect(problems).toEqual([]);
    expect(images.map(({ label }) => label)).toEqual([
      'docker://q.io/a:v1',
      'docker://q.io/a:v2',
      'docker://q.io/b:2.0',
    ]);
  });

  it('reports every repository that is not there, is empty, or of which nothing matches', async () => {
    const { images, problems } = await find(
      'q.io: {images: {absent: [], empty: [], ok: []}, images-by-tag-regex: {ok: ^z}}',
      { empty: tagged(), ok: tagged('1') },
    );
    expect(images.map(({ label }) => label)).toEqual(['docker://q.io/ok:1']);
    expect(problems.map(({ label }) => label)).toEqual([
      'docker://q.io/absent',
      'docker://q.io/empty',
      'docker://q.io/ok',
    ]);
    for (const { error } of problems) {
      expect(error).toBeInstanceOf(DomainError);
      expect(error).toMatchObject({ code: 'upstream-absent' });
    }
  });
});
