// `portolan sync` beside `skopeo sync`, with the same options: each reads the trees that the other has
// written, and copies between registries that are not ours.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { describeWith } from '../support/debian-package.ts';
import { type DebianRegistry, startDebianRegistry } from '../support/debian-registry.ts';
import { pushImage, type RegistryClient } from '../support/registry-client.ts';
import { type CommandResult, runCommand, words } from '../support/run-command.ts';
import { createScratchDirectory, type ScratchDirectory } from '../support/scratch-directory.ts';
import { runPortolan } from '../support/start-portolan.ts';
import { kindsOfImages, type KindOfImage } from './images.ts';
import { digestAt, expectWhole, type Mirror, openClient, skopeo, startMirror } from './world.ts';

const PATH = 'library/busybox';
const PLAIN = '--src-tls-verify=false --dest-tls-verify=false';

/** File → its first bytes. */
async function contentOf(directory: string): Promise<Map<string, string>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const read = files.map(async (entry) => {
    const file = join(entry.parentPath, entry.name);
    return [relative(directory, file), await readFile(file, 'base64')] as const;
  });
  return new Map((await Promise.all(read)).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function isSingle({ image }: KindOfImage): boolean {
  return image.manifests.length === 1;
}

describeWith({ packages: ['docker-registry', 'skopeo'] }, 'the trees of skopeo', () => {
  let scratch: ScratchDirectory;
  let upstream: DebianRegistry;
  let target: DebianRegistry;
  let there: RegistryClient;
  let mirror: Mirror;
  let directory: string;
  let count = 0;
  // skopeo 1.9 reads no nested indexes, and takes an empty layer for no layer.
  const kinds = kindsOfImages().filter(({ tag }) => !['nested', 'empty'].includes(tag));
  /** It compresses what it pushes. */
  const unchangedBySkopeo = kinds.filter(({ tag }) => tag !== 'plain');

  beforeAll(async () => {
    scratch = await createScratchDirectory('trees');
    upstream = await startDebianRegistry();
    target = await startDebianRegistry();
    there = openClient(target.url);
    mirror = await startMirror();
    const client = openClient(upstream.url);
    for (const { image, tag } of kinds) await pushImage(client, PATH, image, tag);
  });

  afterAll(async () => {
    await mirror?.portolan.stop();
    await target?.stop();
    await upstream?.stop();
    await scratch?.remove();
  });

  beforeEach(() => {
    directory = join(scratch.path, `tree-${++count}`);
  });

  async function ours(line: string): Promise<void> {
    const ended = await runPortolan(words(`sync ${line}`), { dataDir: join(scratch.path, 'none') });
    expect(ended.code, ended.stdout + ended.stderr).toBe(0);
  }

  async function theirs(line: string): Promise<CommandResult> {
    const ended = await runCommand('/usr/bin/skopeo', words(`sync ${line}`), {
      env: { HOME: scratch.path },
    });
    expect(ended.code, ended.output).toBe(0);
    return ended;
  }

  async function expectAll(name: string, { client = there, kept = kinds } = {}): Promise<void> {
    for (const { tag, image } of kept) {
      expect(await digestAt(client, name, tag), tag).toBe(image.root.digest);
      await expectWhole(client, name, image);
    }
  }

  test('ours has the files of theirs', async () => {
    const from = `--src docker --dest dir --src-tls-verify=false --all --scoped ${upstream.host}/${PATH}`;
    await ours(`${from} ${directory}-ours`);
    await theirs(`${from} ${directory}-theirs`);
    const [mine, other] = [
      await contentOf(`${directory}-ours`),
      await contentOf(`${directory}-theirs`),
    ];
    expect([...mine.keys()]).toEqual([...other.keys()]);
    for (const [file, bytes] of other) expect(mine.get(file) === bytes, file).toBe(true);
  });

  test('ours is read by theirs', async () => {
    await ours(`--src docker --dest dir ${PLAIN} --all ${upstream.host}/${PATH} ${directory}`);
    await theirs(`--src dir --dest docker ${PLAIN} --all ${directory} ${target.host}/by-skopeo`);
    await expectAll('by-skopeo/busybox', { kept: unchangedBySkopeo });
  });

  test('theirs is read by ours', async () => {
    await theirs(`--src docker --dest dir ${PLAIN} --all ${upstream.host}/${PATH} ${directory}`);
    await ours(`--src dir --dest docker ${PLAIN} --all ${directory} ${target.host}/by-portolan`);
    await expectAll('by-portolan/busybox');
  });

  test('ours can be written again, and mends what is broken', async () => {
    const line = `--src docker --dest dir ${PLAIN} --all ${upstream.host}/${PATH} ${directory}`;
    await ours(line);
    const before = await contentOf(directory);
    await ours(line);
    const blob = [...before.keys()].find((file) => /\/[0-9a-f]{64}$/.test(file)) ?? '';
    await writeFile(join(directory, blob), '');
    await ours(line);
    expect(await contentOf(directory)).toEqual(before);
    const bytes = await readFile(join(directory, blob));
    bytes.writeUInt8(bytes.readUInt8(0) ^ 1, 0);
    await writeFile(join(directory, blob), bytes);
    await ours(line);
    expect(await contentOf(directory)).toEqual(before);
  });

  test('without --all one platform is taken, as skopeo does', async () => {
    const from = `--src docker --dest dir ${PLAIN} ${upstream.host}/${PATH}:platforms`;
    const arch = process.arch === 'arm64' ? 'arm64' : 'amd64';
    await ours(`${from} ${directory}`);
    const manifest = await readFile(join(directory, 'busybox:platforms', 'manifest.json'));
    const { image } = kinds.find(({ tag }) => tag === 'platforms') ?? {};
    const child = image?.manifests[arch === 'arm64' ? 1 : 0];
    expect(manifest.equals(child?.bytes ?? Buffer.alloc(0))).toBe(true);
  });

  test('a YAML source that skopeo reads is read', async () => {
    const file = `${directory}.yml`;
    const wanted = kinds.filter(isSingle).slice(0, 2);
    const listed = `[${wanted.map(({ tag }) => tag).join(', ')}]`;
    await writeFile(
      file,
      `${upstream.host}:\n  tls-verify: false\n  images:\n    ${PATH}: ${listed}\n`,
    );
    for (const [who, sync] of [
      ['ours', ours],
      ['theirs', theirs],
    ] as const) {
      await sync(`--src yaml --dest docker ${PLAIN} --all ${file} ${target.host}/yaml-${who}`);
      const listing = await there.expect([200], 'GET', `/v2/yaml-${who}/busybox/tags/list`);
      const { tags } = JSON.parse(listing.bytes.toString()) as { tags: string[] };
      expect(tags.toSorted()).toEqual(wanted.map(({ tag }) => tag).toSorted());
    }
  });

  test('the seed’s CI still pushes into ours with skopeo sync, unchanged', async () => {
    await mirror.must('team create ci --owner admin');
    await mirror.must('namespace create pushed --team ci');
    const { portolan } = mirror;
    const pushed = await skopeo(
      portolan,
      `sync --src docker --dest docker ${PLAIN} --all --dest-creds CREDS ${upstream.host}/${PATH} ${portolan.host}/pushed`,
    );
    expect(pushed.code, pushed.output).toBe(0);
    const client = await mirror.client('pushed/busybox');
    await expectAll('pushed/busybox', { client, kept: unchangedBySkopeo });
  });

  test('skopeo sync’s first spelling is taken, there and back', async () => {
    await ours(`--source docker://${upstream.host}/${PATH} --all ${PLAIN} dir:${directory}`);
    await ours(`--source dir:${directory} --all ${PLAIN} docker://${target.host}/first`);
    const { repositories } = JSON.parse(
      (await there.expect([200], 'GET', '/v2/_catalog')).bytes.toString(),
    ) as { repositories: string[] };
    const name = repositories.find((each) => each.startsWith('first/')) ?? '';
    expect(name).toMatch(/busybox$/);
    await expectAll(name);
  });
});
