// A `dir:` tree that somebody else has prepared: no link leads our bytes elsewhere, no pipe holds us up.
import { type Digest, Tag } from '@portolan/oci';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createDirTree } from '../../src/places/dir-tree.ts';
import { describeBytes, inParts, sampleImage } from './sample-content.ts';

const signal = new AbortController().signal;
const NAME = 'docker.io/library/app';
const image = sampleImage('an image');
const layer = image.blobs[1] ?? Buffer.alloc(0);
const hex = (digest: Digest): string => digest.slice('sha256:'.length);
const layerFile = hex(describeBytes(layer).digest);
const TREASURE = 'not ours';

interface Places {
  readonly root: string;
  /** A file, and a directory, that are no business of the tree's. */
  readonly file: string;
  readonly directory: string;
}

function makePlaces(): Places {
  const base = mkdtempSync(join(tmpdir(), 'portolan-links-'));
  onTestFinished(() => rmSync(base, { recursive: true, force: true }));
  const places = {
    root: join(base, 'stick'),
    file: join(base, 'file'),
    directory: join(base, 'd'),
  };
  mkdirSync(places.root);
  mkdirSync(places.directory);
  writeFileSync(places.file, TREASURE);
  return places;
}

async function write(root: string): Promise<void> {
  const tree = createDirTree(root, { pid: process.pid, host: 'here' });
  const sink = tree.repository(NAME);
  for (const blob of image.blobs) {
    if (await sink.hasBlob(describeBytes(blob), signal)) continue;
    await sink.putBlob(describeBytes(blob), async (at) => inParts(blob.subarray(at)), signal);
  }
  await sink.putManifest(image.manifest, [Tag.parse('1')], signal);
  await tree.close();
}

function place(root: string, name: string, make: (path: string) => void): void {
  const path = join(root, name);
  mkdirSync(dirname(path), { recursive: true });
  make(path);
}

const FILES = [
  '.portolan-partial/lock',
  `.portolan-partial/${layerFile}.part`,
  `${NAME}:1/version.part`,
  `${NAME}:1/manifest.json.part`,
  `${NAME}:1/version`,
  `${NAME}:1/${layerFile}`,
];

describe('writing to a tree that somebody has prepared', () => {
  it.each(FILES)('follows no link at %s', async (name) => {
    const { root, file } = makePlaces();
    place(root, name, (path) => symlinkSync(file, path));
    await write(root);
    expect(readFileSync(file, 'utf8')).toBe(TREASURE);
    expect(readFileSync(join(root, `${NAME}:1`, layerFile)).equals(layer)).toBe(true);
  });

  it.each(FILES)('does not wait for a pipe at %s', async (name) => {
    const { root } = makePlaces();
    place(root, name, (path) => execFileSync('mkfifo', [path]));
    await write(root);
    expect(readFileSync(join(root, `${NAME}:1`, layerFile)).equals(layer)).toBe(true);
  });

  it.each(['.portolan-partial', 'docker.io', 'docker.io/library', `${NAME}:1`])(
    'refuses a link for the directory %s',
    async (name) => {
      const { root, directory } = makePlaces();
      place(root, name, (path) => symlinkSync(directory, path));
      await expect(write(root)).rejects.toMatchObject({ code: 'request-invalid' });
      expect(readdirSync(directory)).toEqual([]);
    },
  );

  it('takes no link for a blob that is there already', async () => {
    const { root, file } = makePlaces();
    writeFileSync(file, Buffer.alloc(layer.length));
    place(root, `.portolan-partial/${layerFile}`, (path) => symlinkSync(file, path));
    await write(root);
    expect(readFileSync(join(root, `${NAME}:1`, layerFile)).equals(layer)).toBe(true);
  });
});
