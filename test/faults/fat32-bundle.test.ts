// A bundle on a real FAT32 file system: names, no links, the limit of file sizes, and what `sha256sum` and
// skopeo make of it (reference mirror-and-clients.md §7).
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { missingNeed } from '../support/debian-package.ts';
import { type Fat32Disk, mountFat32, whyNoFat32 } from '../support/fat32-disk.ts';
import {
  content,
  type Image,
  LAYER_TYPE,
  makeImage,
  makeIndex,
  randomBlob,
} from '../support/image.ts';
import { createRegistryClient, pullAll, pushImage } from '../support/registry-client.ts';
import { runCommand, words } from '../support/run-command.ts';
import { createScratchDirectory } from '../support/scratch-directory.ts';
import { type Portolan, startPortolan } from '../support/start-portolan.ts';

const reason = await whyNoFat32();
const title = reason === undefined ? 'a bundle on FAT32' : `a bundle on FAT32 (skipped: ${reason})`;
const MIB = 1024 * 1024;
const REPOSITORY = 'team/app';
const SAFE_NAME = /^[A-Za-z0-9._-]+$/;

async function command(portolan: Portolan, line: string) {
  const ended = await portolan.cli(...words(line));
  expect(ended.code, ended.stderr).toBe(0);
  return ended;
}

async function tokenClient(portolan: Portolan, repository: string) {
  const token = await portolan.token([`repository:${repository}:pull,push`]);
  return createRegistryClient(portolan.url, token);
}

describe.skipIf(reason !== undefined)(title, () => {
  let disk: Fat32Disk;
  let connected: Portolan;
  let apart: Portolan;
  const big = makeImage({ layerContents: [randomBlob(5 * MIB, 'sha256', LAYER_TYPE)] });
  const index = makeIndex([makeImage({ architecture: 'amd64' }), makeImage()]);
  const wide = makeImage({ algorithm: 'sha512' });
  const empty = makeImage({ layerContents: [content(Buffer.alloc(0), LAYER_TYPE)] });
  // Tags that differ in case alone would be one file, were they names of files.
  const images: readonly (readonly [string, Image])[] = [
    ['big', big],
    ['Index', index],
    ['index', makeImage()],
    ['wide', wide],
    ['empty', empty],
  ];

  beforeAll(async () => {
    disk = await mountFat32(128);
    connected = await startPortolan();
    apart = await startPortolan();
    await command(connected, 'namespace create team');
    const client = await tokenClient(connected, REPOSITORY);
    for (const [tag, image] of images) await pushImage(client, REPOSITORY, image, tag);
  });

  afterAll(async () => {
    await connected?.stop();
    await apart?.stop();
    await disk?.unmount();
  });

  test('takes a bundle whose largest blob is above the limit', async () => {
    const directory = join(disk.path, 'split');
    await command(connected, `bundle export ${directory} --max-file-size 2MiB`);
    const names = await readdir(join(directory, 'blobs/sha256'));
    expect(names.filter((name) => name.includes('.part-'))).toHaveLength(3);
  });

  test('has only names that every file system takes, and no links', async () => {
    const entries = await readdir(disk.path, { recursive: true, withFileTypes: true });
    for (const entry of entries) {
      expect(entry.name).toMatch(SAFE_NAME);
      expect(entry.isFile() || entry.isDirectory()).toBe(true);
    }
    const paths = entries.map(({ parentPath, name }) => join(parentPath, name).toLowerCase());
    expect(new Set(paths).size).toBe(paths.length);
  });

  test('is checked by sha256sum alone', async () => {
    const cwd = join(disk.path, 'split');
    const checked = await runCommand('sha256sum', ['-c', '--quiet', '--strict', 'SHA256SUMS'], {
      cwd,
    });
    expect(checked.code, checked.output).toBe(0);
  });

  test('gives the bundle back', async () => {
    await command(apart, `bundle import ${join(disk.path, 'split')}`);
    const client = await tokenClient(apart, REPOSITORY);
    for (const [tag, image] of images) {
      expect(await pullAll(client, REPOSITORY, tag)).toBe(image.root.digest);
    }
  });

  test('is read by skopeo while no blob is split', async (context) => {
    const missing = missingNeed({ packages: ['skopeo'] });
    context.skip(missing !== undefined, missing);
    const directory = join(disk.path, 'whole');
    await command(connected, `bundle export ${directory} ${REPOSITORY}:?ndex ${REPOSITORY}:big`);
    const scratch = await createScratchDirectory('copy');
    const name = `${REPOSITORY}:Index`;
    const copied = await runCommand(
      '/usr/bin/skopeo',
      words(`copy --all oci:${directory}:${name} dir:${scratch.path}/copy`),
      { env: { HOME: scratch.path } },
    );
    await scratch.remove();
    expect(copied.code, copied.output).toBe(0);
  });

  test('leaves a sound file system', async () => {
    expect(await disk.check()).toBe('');
  });
});
