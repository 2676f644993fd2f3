// skopeo's `dir:` trees keep the contract of places, survive being interrupted, and name the bad file.
import { type Digest, Tag } from '@portolan/oci';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { listDirImages } from '../../src/places/dir-layout.ts';
import { createDirRepository } from '../../src/places/dir-repository.ts';
import { createDirTree, type DirTree } from '../../src/places/dir-tree.ts';
import { describeSink, describeSource } from './place-contract.ts';
import {
  collect,
  describeBytes,
  digestOf,
  inParts,
  sampleImage,
  type SampleContent,
  sampleIndex,
  type SampleImage,
} from './sample-content.ts';

const signal = new AbortController().signal;
const OWNER = { pid: process.pid, host: 'here' };
const NAME = 'docker.io/library/app';

async function makeRoot(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'portolan-dir-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  return root;
}

async function read(root: string) {
  const images = await listDirImages(root);
  return createDirRepository(NAME, images);
}

async function putBlobs(tree: DirTree, blobs: readonly Buffer[], name = NAME): Promise<void> {
  const sink = tree.repository(name);
  for (const blob of blobs) {
    if (await sink.hasBlob(describeBytes(blob), signal)) continue;
    await sink.putBlob(describeBytes(blob), async (from) => inParts(blob.subarray(from)), signal);
  }
}

async function putContent(tree: DirTree, { blobs, manifests }: SampleContent): Promise<void> {
  await putBlobs(tree, blobs);
  for (const manifest of manifests) {
    await tree.repository(NAME).putManifest(manifest, manifest.tags, signal);
    if (manifest.mediaType.includes('index') || manifest.tags.length === 0) continue;
    await tree.repository(NAME).putManifest(manifest, [], signal);
  }
}

async function putImage(tree: DirTree, image: SampleImage, tag: string, name = NAME) {
  await putBlobs(tree, image.blobs, name);
  await tree.repository(name).putManifest(image.manifest, [Tag.parse(tag)], signal);
}

const imagePath = (root: string, tag: string): string => join(root, `${NAME}:${tag}`);
const hexOf = (bytes: Uint8Array): string => digestOf(bytes).slice('sha256:'.length);

describeSource(
  'a dir: tree',
  async (content) => {
    const root = await makeRoot();
    const tree = createDirTree(root, OWNER);
    await putContent(tree, content);
    await tree.close();
    return read(root);
  },
  { hasReferrers: false },
);

describeSink(
  'a dir: tree',
  async () => {
    const root = await makeRoot();
    return { sink: createDirTree(root, OWNER).repository(NAME), read: () => read(root) };
  },
  { keepsUntagged: false },
);

describe('dir: trees', () => {
  const first = sampleImage('first');
  const second = sampleImage('second');

  it("have skopeo's names, and nothing else is left when they are closed", async () => {
    const root = await makeRoot();
    const tree = createDirTree(root, OWNER);
    await putImage(tree, first, '1');
    await tree.close();
    expect(await readdir(root)).toEqual(['docker.io']);
    expect((await readdir(imagePath(root, '1'))).sort()).toEqual(
      [...first.blobs.map(hexOf), 'manifest.json', 'version'].sort(),
    );
    const version = await readFile(join(imagePath(root, '1'), 'version'), 'utf8');
    expect(version).toBe('Directory Transport Version: 1.1\n');
  });

  it('store a blob of several images once', async () => {
    const root = await makeRoot();
    const tree = createDirTree(root, OWNER);
    await putImage(tree, first, '1');
    await putImage(tree, first, '2');
    await putImage(tree, first, '1', 'quay.io/other');
    await tree.close();
    const layer = hexOf(first.blobs[1] ?? Buffer.alloc(0));
    const { nlink } = await stat(join(imagePath(root, '1'), layer));
    expect(nlink).toBe(3);
  });

  it('leave nothing of the image that a tag pointed at before', async () => {
    const root = await makeRoot();
    const tree = createDirTree(root, OWNER);
    await putImage(tree, first, 'latest');
    await tree.close();
    await writeFile(join(imagePath(root, 'latest'), 'signature-1'), 'of the first');
    const again = createDirTree(root, OWNER);
    await putImage(again, second, 'latest');
    await again.close();
    expect((await readdir(imagePath(root, 'latest'))).sort()).toEqual(
      [...second.blobs.map(hexOf), 'manifest.json', 'version'].sort(),
    );
  });

  it.each([
    ['its manifest is missing', 'manifest.json', undefined],
    ['its manifest is cut off', 'manifest.json', '{"schemaVersion":2,"conf'],
    ['a blob is missing', hexOf(first.blobs[1] ?? Buffer.alloc(0)), undefined],
    ['a blob is cut off', hexOf(first.blobs[1] ?? Buffer.alloc(0)), 'short'],
  ])('do not have an image when %s, and complete it', async (_what, file, left) => {
    const root = await makeRoot();
    const tree = createDirTree(root, OWNER);
    await putImage(tree, first, '1');
    const path = join(imagePath(root, '1'), file);
    await rm(path);
    if (left !== undefined) await writeFile(path, left);
    const again = createDirTree(root, OWNER);
    const tag = { kind: 'tag', tag: Tag.parse('1') } as const;
    expect(await again.repository(NAME).head(tag, signal)).toBeUndefined();
    await putImage(again, first, '1');
    expect((await again.repository(NAME).head(tag, signal))?.digest).toBe(first.manifest.digest);
    await again.close();
    expect((await (await read(root)).manifest(tag, signal))?.body).toEqual(first.manifest.body);
  });

  describe('with a flipped byte', () => {
    const layer = first.blobs[1] ?? Buffer.alloc(0);
    const flipped = Buffer.from(layer).fill(layer[9] === 1 ? 2 : 1, 9, 10);
    const tag = { kind: 'tag', tag: Tag.parse('1') } as const;

    async function makeDamaged(): Promise<{ root: string; damaged: string }> {
      const root = await makeRoot();
      const tree = createDirTree(root, OWNER);
      await putImage(tree, first, '1');
      await tree.close();
      const damaged = join(imagePath(root, '1'), hexOf(layer));
      await writeFile(damaged, flipped);
      return { root, damaged };
    }

    it('in a blob do not have the image, and mend it', async () => {
      const { root, damaged } = await makeDamaged();
      const again = createDirTree(root, OWNER);
      expect(await again.repository(NAME).head(tag, signal)).toBeUndefined();
      await putImage(again, first, '1');
      await again.close();
      expect(await readFile(damaged)).toEqual(layer);
    });

    it('in a blob neither give it to another image nor keep it', async () => {
      const { root, damaged } = await makeDamaged();
      const again = createDirTree(root, OWNER);
      await putImage(again, first, '2');
      await again.close();
      expect(await readFile(join(imagePath(root, '2'), hexOf(layer)))).toEqual(layer);
      expect(await readFile(damaged)).toEqual(layer);
    });

    it('in what an interrupted run has left fetch it anew', async () => {
      const root = await makeRoot();
      await putBlobs(createDirTree(root, OWNER), first.blobs);
      await writeFile(join(root, '.portolan-partial', hexOf(layer)), flipped);
      const again = createDirTree(root, OWNER);
      await putImage(again, first, '1');
      await again.close();
      expect(await readFile(join(imagePath(root, '1'), hexOf(layer)))).toEqual(layer);
    });

    it('in a child of an index complete the index', async () => {
      const root = await makeRoot();
      const index = sampleIndex([first.manifest], ['multi']);
      const child = `${hexOf(first.manifest.body)}.manifest.json`;
      const put = async () => {
        const tree = createDirTree(root, OWNER);
        await putContent(tree, { blobs: first.blobs, manifests: [first.manifest, index] });
        await tree.repository(NAME).putManifest(first.manifest, [], signal);
        await tree.repository(NAME).putManifest(index, index.tags, signal);
        await tree.close();
      };
      await put();
      const file = join(imagePath(root, 'multi'), child);
      await writeFile(file, first.manifest.body.toString().replace('3', '2'));
      await put();
      expect(await readFile(file)).toEqual(first.manifest.body);
    });
  });

  it('do not touch an image that is there', async () => {
    const root = await makeRoot();
    await putImage(createDirTree(root, OWNER), first, '1');
    const file = join(imagePath(root, '1'), 'manifest.json');
    const before = await stat(file);
    await putImage(createDirTree(root, OWNER), first, '1');
    expect((await stat(file)).ino).toBe(before.ino);
  });

  it('keep an image that has only a digest below that', async () => {
    const root = await makeRoot();
    const tree = createDirTree(root, OWNER);
    const { digest } = first.manifest;
    await putBlobs(tree, first.blobs);
    await tree.repository(NAME, digest).putManifest(first.manifest, [], signal);
    await tree.close();
    const images = await listDirImages(root);
    expect(images).toMatchObject([{ name: NAME, reference: { kind: 'digest', digest } }]);
    const source = createDirRepository(NAME, images);
    expect(await source.manifest({ kind: 'digest', digest }, signal)).toMatchObject({ digest });
  });

  it('refuse an image of which a blob never came', async () => {
    const root = await makeRoot();
    const tree = createDirTree(root, OWNER);
    const put = tree.repository(NAME).putManifest(first.manifest, [Tag.parse('1')], signal);
    await expect(put).rejects.toMatchObject({ code: 'place-incomplete' });
    expect(await listDirImages(root)).toEqual([]);
  });

  it('take one writer at a time', async () => {
    const root = await makeRoot();
    const tree = createDirTree(root, { pid: process.ppid, host: 'here' });
    await putBlobs(tree, first.blobs);
    await expect(putBlobs(createDirTree(root, OWNER), second.blobs)).rejects.toMatchObject({
      code: 'request-invalid',
    });
    await tree.close();
    await putBlobs(createDirTree(root, OWNER), second.blobs);
  });

  it.each(['../out', 'a/../../out', '/abs', 'a//b', '.'])('refuse the name %s', async (name) => {
    const sink = createDirTree(await makeRoot(), OWNER).repository(name);
    await expect(sink.head({ kind: 'tag', tag: Tag.parse('1') }, signal)).rejects.toMatchObject({
      code: 'request-invalid',
    });
  });
});

describe('reading a dir: tree', () => {
  const image = sampleImage('read', ['1']);
  const layer = image.blobs[1] ?? Buffer.alloc(0);

  async function makeTree(): Promise<string> {
    const root = await makeRoot();
    const tree = createDirTree(root, OWNER);
    await putImage(tree, image, '1');
    await tree.close();
    return root;
  }

  it.each([
    ['a flipped byte', (bytes: Buffer) => Buffer.from(bytes).fill(bytes[9] === 1 ? 2 : 1, 9, 10)],
    ['a cut file', (bytes: Buffer) => bytes.subarray(0, -1)],
    ['a grown file', (bytes: Buffer) => Buffer.concat([bytes, Buffer.from('x')])],
  ])('names the file with %s', async (_what, damage) => {
    const root = await makeTree();
    const file = join(imagePath(root, '1'), hexOf(layer));
    await writeFile(file, damage(layer));
    const source = await read(root);
    for (const start of [0, 20]) {
      const bytes = async () => collect(await source.blob(describeBytes(layer), start, signal));
      await expect(bytes()).rejects.toMatchObject({ code: 'upstream-corrupt', detail: { file } });
    }
  });

  it('names the file that is missing', async () => {
    const root = await makeTree();
    const file = join(imagePath(root, '1'), hexOf(layer));
    await rm(file);
    await expect((await read(root)).blob(describeBytes(layer), 0, signal)).rejects.toMatchObject({
      code: 'place-incomplete',
      detail: { file },
    });
  });

  it('names a child of an index that is not what its name says', async () => {
    const root = await makeRoot();
    const tree = createDirTree(root, OWNER);
    await putBlobs(tree, image.blobs);
    await tree.repository(NAME).putManifest(image.manifest, [], signal);
    const index = sampleIndex([image.manifest], ['multi']);
    await tree.repository(NAME).putManifest(index, index.tags, signal);
    const digest: Digest = image.manifest.digest;
    const file = join(imagePath(root, 'multi'), `${hexOf(image.manifest.body)}.manifest.json`);
    await rm(file);
    await writeFile(file, '{}');
    await expect(
      (await read(root)).manifest({ kind: 'digest', digest }, signal),
    ).rejects.toMatchObject({ code: 'upstream-corrupt', detail: { file } });
  });

  it.each([
    ['docker.io/library/app:1', 'docker.io/library/app', 'tag'],
    ['127.0.0.1:5000/a/app:1', '127.0.0.1:5000/a/app', 'tag'],
    [`app@sha256:${'0'.repeat(64)}`, 'app', 'digest'],
    ['app', 'app', undefined],
  ])('takes %s for a reference', async (path, name, kind) => {
    const root = await makeRoot();
    await mkdir(join(root, path), { recursive: true });
    await writeFile(join(root, path, 'manifest.json'), '{}');
    const images = await listDirImages(root);
    expect(images.map((one) => [one.name, one.reference?.kind])).toEqual([[name, kind]]);
  });

  it('takes the base name of a path that is the image itself', async () => {
    const root = imagePath(await makeTree(), '1');
    expect(await listDirImages(root)).toMatchObject([{ name: 'app', reference: { tag: '1' } }]);
  });
});
