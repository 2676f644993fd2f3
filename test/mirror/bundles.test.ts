// Images across an air gap by the real program: from a machine that has no registry, or from ours, over a
// stick, into another one; and the stick served as it is.
import { mkdir, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeWith } from '../support/debian-package.ts';
import { content, LAYER_TYPE, makeImage, randomBlob } from '../support/image.ts';
import { createRegistryClient, pullAll, pushImage } from '../support/registry-client.ts';
import { requestToken } from '../support/request-token.ts';
import { runCommand, words } from '../support/run-command.ts';
import { createScratchDirectory, type ScratchDirectory } from '../support/scratch-directory.ts';
import {
  type Portolan,
  runPortolan,
  startCommand,
  startPortolan,
} from '../support/start-portolan.ts';
import { kindsOfImages, kindsOfModernImages } from './images.ts';
import { digestAt, expectWhole, type Mirror, openClient, pushKinds, startMirror } from './world.ts';

const REPOSITORY = 'team/app';
const KINDS = [
  ...kindsOfImages(),
  ...kindsOfModernImages().filter(({ tag }) => tag !== 'referred'),
];

let scratch: ScratchDirectory;
let connected: Mirror;
let apart: Mirror;

beforeAll(async () => {
  scratch = await createScratchDirectory('bundles');
  connected = await startMirror();
  apart = await startMirror();
  await connected.must('namespace create team');
  await pushKinds(await connected.client(REPOSITORY), REPOSITORY, KINDS);
});

afterAll(async () => {
  await connected?.portolan.stop();
  await apart?.portolan.stop();
  await scratch?.remove();
});

interface Extent {
  readonly references: number;
  readonly manifests: number;
  readonly blobs: number;
  readonly bytes: number;
  readonly leftOut: number;
}

/** What is told of a bundle, by whatever command. */
function extentOf({ references, manifests, blobs, bytes, leftOut }: Extent): Extent {
  return { references, manifests, blobs, bytes, leftOut };
}

const ours = (): string => join(scratch.path, 'ours');

describe('a bundle of our own images', () => {
  test('is exported, signed, verified and imported with the same digests', async () => {
    const key = join(scratch.path, 'key');
    await connected.must(`bundle keygen ${key}`);
    expect((await stat(key)).mode & 0o777).toBe(0o600);
    const made = await connected.json<Extent>(`bundle export ${ours()} --sign ${key}`);
    const checked = await connected.json<Extent>(`bundle verify ${ours()} --key ${key}.pub`);
    expect(extentOf(checked)).toEqual(extentOf(made));
    const reports = join(scratch.path, 'reports');
    const answer = await apart.json<{ bundle: string; failed: number }>(
      `bundle import ${ours()} --key ${key}.pub --report ${reports}`,
    );
    expect(answer.failed).toBe(0);
    expect((await readdir(reports)).sort()).toEqual(
      ['html', 'json'].map((ending) =>
        expect.stringMatching(`^report-\\d{8}T\\d{9}Z-${answer.bundle}\\.${ending}$`),
      ),
    );
    const client = await apart.client(REPOSITORY);
    for (const { tag, image, attached = [] } of KINDS) {
      expect(await digestAt(client, REPOSITORY, tag)).toBe(image.root.digest);
      await expectWhole(client, REPOSITORY, image);
      for (const one of attached) await expectWhole(client, REPOSITORY, one.image);
    }
  });

  test('is not pushed into: the namespace is a mirror now', async () => {
    const client = await apart.client(REPOSITORY);
    await expect(pushImage(client, REPOSITORY, makeImage(), 'mine')).rejects.toThrow(/401|403/);
  });

  test('is small against what the other side has', async () => {
    const have = join(scratch.path, 'have.json');
    const { stdout } = await apart.must('bundle have');
    await writeFile(have, stdout);
    const { manifests, blobs: contents } = JSON.parse(stdout) as Record<string, string[]>;
    const whole = await connected.json<Extent>(`bundle verify ${ours()}`);
    expect([manifests?.length, contents?.length]).toEqual([whole.manifests, whole.blobs]);
    const image = makeImage();
    await pushImage(await connected.client(REPOSITORY), REPOSITORY, image, 'fresh');
    const small = join(scratch.path, 'small');
    const made = await connected.json<{ leftOut: number }>(`bundle export ${small} --base ${have}`);
    expect(made.leftOut).toBeGreaterThan(20);
    const blobs = await readdir(join(small, 'blobs/sha256'));
    const { counts } = JSON.parse(await readFile(join(small, 'bundle.json'), 'utf8')) as {
      counts: { manifests: number; blobs: number };
    };
    // Its config and two layers; manifests are always there.
    expect(counts.blobs - counts.manifests).toBe(3);
    expect(blobs.length).toBeLessThanOrEqual(counts.blobs);
    const served = await startPortolan({ command: ['serve', '--bundle', small] });
    expect(served.logs()).toContain(`${made.leftOut} blobs of its images are not in it`);
    await served.stop();
    await apart.must(`bundle import ${small}`);
    await expectWhole(await apart.client(REPOSITORY), REPOSITORY, image);
  });

  test.each([
    ['nothing matches', 'bundle export {new} quay.io/**', 3],
    ['a selector makes no sense', 'bundle export {new} a:b:c', 2],
    ['a size makes no sense', 'bundle export {new} --max-file-size 3', 2],
    ['there is no directory', 'bundle verify {new}', 2],
    ['there is no bundle', 'bundle verify {empty}', 4],
    ['nothing of the bundle matches', 'bundle import {ours} --only quay.io/**', 3],
    ['it has another signature', 'bundle verify {ours} --key {other}.pub', 4],
  ])('ends with its own code when %s', async (_what, line, code) => {
    const other = join(scratch.path, 'other');
    await connected.run(`bundle keygen ${other}`);
    const empty = join(scratch.path, 'empty');
    await mkdir(empty, { recursive: true });
    const filled = line
      .replace('{empty}', empty)
      .replace('{new}', join(scratch.path, 'new'))
      .replace('{ours}', ours())
      .replace('{other}', other);
    const ended = await connected.run(filled);
    expect(ended.code, ended.stderr).toBe(code);
  });

  test('is refused with the name of the file when one is damaged', async () => {
    const damaged = join(scratch.path, 'damaged');
    await connected.must(`bundle export ${damaged} ${REPOSITORY}:oci`);
    const [name = ''] = await readdir(join(damaged, 'blobs/sha256'));
    await truncate(join(damaged, 'blobs/sha256', name), 1);
    for (const line of [`bundle verify ${damaged}`, `bundle import ${damaged}`]) {
      const { code, stdout, stderr } = await apart.run(line);
      expect(code).toBe(4);
      expect(stdout + stderr).toContain(name);
    }
  });

  test('is described in the same words when it is damaged', async () => {
    const damaged = join(scratch.path, 'damaged-too');
    await connected.must(`bundle export ${damaged} ${REPOSITORY}:oci`);
    const line = `bundle verify ${damaged} --output json`;
    const sound = JSON.parse((await apart.must(line)).stdout) as object;
    expect(sound).toMatchObject({ problems: [] });
    const [name = ''] = await readdir(join(damaged, 'blobs/sha256'));
    await truncate(join(damaged, 'blobs/sha256', name), 1);
    const { code, stdout } = await apart.run(line);
    expect(code).toBe(4);
    const problems = [{ file: `blobs/sha256/${name}`, problem: expect.any(String) }];
    expect(JSON.parse(stdout)).toEqual({ ...sound, problems: expect.arrayContaining(problems) });
  });

  test('is foreseen by a dry run as it comes', async () => {
    const stick = join(scratch.path, 'foreseen');
    const line = `bundle export ${stick} ${REPOSITORY}:oci`;
    const dry = await connected.json<Extent>(`${line} --dry-run`);
    await expect(stat(stick)).rejects.toThrow('ENOENT');
    expect(extentOf(await connected.json<Extent>(line))).toEqual(extentOf(dry));
  });
});

describe('a bundle from other registries', () => {
  test('needs no registry here', async () => {
    const { portolan } = connected;
    const stick = join(scratch.path, 'theirs');
    const rules = join(scratch.path, 'rules.yaml');
    await writeFile(rules, `- from: ${portolan.host}/${REPOSITORY}\n  regex: ^doc\n`);
    const nowhere = join(scratch.path, 'nowhere');
    const line = `bundle export ${stick} --from ${portolan.host}/${REPOSITORY}:oci --from-rules ${rules} --creds admin:${portolan.adminPassword}`;
    const ended = await runPortolan(words(line), { dataDir: nowhere });
    expect(ended.code, ended.stderr).toBe(0);
    await expect(stat(nowhere)).rejects.toThrow('ENOENT');
    await apart.must(`bundle import ${stick}`);
    const destination = `${portolan.host.replace(':', '_')}/${REPOSITORY}`;
    const client = await apart.client(destination);
    for (const { tag, image } of KINDS.filter((kind) => /^(oci|doc.*)$/.test(kind.tag))) {
      expect(await digestAt(client, destination, tag)).toBe(image.root.digest);
    }
  });

  test('says which one could not be had', async () => {
    const stick = join(scratch.path, 'absent');
    const { host, adminPassword } = connected.portolan;
    const line = `bundle export ${stick} --from ${host}/${REPOSITORY}:gone --from ${host}/${REPOSITORY}:oci --creds admin:${adminPassword}`;
    const { code, stderr } = await runPortolan(words(line), { dataDir: scratch.path });
    expect(code).toBe(1);
    expect(stderr).toContain(`${REPOSITORY}:gone`);
  });
});

test('an export that is killed again and again comes to a whole bundle', async () => {
  const stick = join(scratch.path, 'killed');
  await mkdir(stick);
  const layers = Array.from({ length: 6 }, () => randomBlob(4_000_000, 'sha256', LAYER_TYPE));
  const client = await connected.client('team/large');
  const image = makeImage({ layerContents: layers });
  await pushImage(client, 'team/large', image, '1');
  const args = words(`bundle export ${stick} team/large --max-file-size 1MiB`);
  const { dataDir } = connected.portolan;
  let kills = 0;
  for (let wait = 150; ; wait += 50) {
    const running = startCommand(args, { dataDir });
    const isOver = await Promise.race([running.ended.then(() => true), delay(wait, false)]);
    if (isOver) {
      expect((await running.ended).code).toBe(0);
      break;
    }
    running.kill();
    await running.ended;
    kills += 1;
    // Whatever is there is no bundle yet, or it is a whole one.
    const found: readonly string[] = await readdir(stick).catch(() => []);
    const { code } = await connected.run(`bundle verify ${stick}`);
    expect(code).toBe(found.includes('SHA256SUMS') ? 0 : 4);
  }
  expect(kills).toBeGreaterThan(0);
  await connected.must(`bundle verify ${stick}`);
  await apart.must(`bundle import ${stick} --prefix killed`);
  const there = await apart.client('killed/team/large');
  await expectWhole(there, 'killed/team/large', image);
});

describe('a stick that is served', () => {
  let stick: string;
  let served: Portolan;
  const large = makeImage({ layerContents: [randomBlob(300_000, 'sha256', LAYER_TYPE)] });
  const empty = makeImage({ layerContents: [content(Buffer.alloc(0), LAYER_TYPE)] });

  beforeAll(async () => {
    stick = join(scratch.path, 'served');
    const client = await connected.client('team/served');
    await pushImage(client, 'team/served', large, 'large');
    await pushImage(client, 'team/served', empty, 'empty');
    const select = `--select team/served --select ${REPOSITORY}`;
    await connected.must(`bundle export ${stick} ${select} --max-file-size 100KiB`);
    served = await startPortolan({ command: ['serve', '--bundle', stick] });
  });

  afterAll(() => served?.stop());

  const anonymous = async (...actions: string[]) => {
    const scopes = ['team/served', REPOSITORY].map(
      (name) => `repository:${name}:${actions.join()}`,
    );
    return createRegistryClient(served.url, await requestToken(served.url, scopes, 'anonymous'));
  };

  test('gives everything to anybody', async () => {
    const client = await anonymous('pull');
    for (const image of [large, empty]) await expectWhole(client, 'team/served', image);
    expect(await pullAll(client, 'team/served', 'large')).toBe(large.root.digest);
    for (const { tag, image } of KINDS) {
      expect(await digestAt(client, REPOSITORY, tag)).toBe(image.root.digest);
      await expectWhole(client, REPOSITORY, image);
    }
    const listed = await client.expect([200], 'GET', '/v2/team/served/tags/list?n=1');
    expect(JSON.parse(listed.bytes.toString())).toMatchObject({ tags: ['empty'] });
  });

  test('gives a part of a split blob', async () => {
    const client = await anonymous('pull');
    const [, blob] = large.blobs;
    const path = `/v2/team/served/blobs/${blob?.digest ?? ''}`;
    const headers = { Range: 'bytes=102390-204810' };
    const answer = await client.expect([206], 'GET', path, { headers });
    expect(answer.bytes.equals(blob?.bytes.subarray(102_390, 204_811) ?? Buffer.alloc(0))).toBe(
      true,
    );
  });

  test('keeps repositories apart', async () => {
    const client = await anonymous('pull');
    const path = `/v2/${REPOSITORY}/blobs/${large.blobs[1]?.digest ?? ''}`;
    expect((await client.send('GET', path)).status).toBe(404);
    expect(await digestAt(client, REPOSITORY, large.root.digest)).toBeUndefined();
  });

  test('takes nothing, and the stick stays as it was', async () => {
    const client = await anonymous('pull', 'push', 'delete');
    await expect(pushImage(client, 'team/served', makeImage(), 'mine')).rejects.toThrow(/401/);
    const path = `/v2/team/served/manifests/large`;
    expect((await client.send('DELETE', path)).status).toBe(401);
    await connected.must(`bundle verify ${stick}`);
  });

  test('asks for a token, as any registry', async () => {
    expect((await openClient(served.url).send('GET', '/v2/')).status).toBe(401);
  });

  describeWith({ packages: ['skopeo'] }, 'skopeo', () => {
    test('copies from it without a login', async () => {
      const to = join(scratch.path, 'copied');
      const line = `copy --src-tls-verify=false docker://${served.host}/team/served:large dir:${to}`;
      const env = { HOME: scratch.path };
      const copied = await runCommand('/usr/bin/skopeo', words(line), { env });
      expect(copied.code, copied.output).toBe(0);
      await rm(to, { recursive: true });
    });
  });
});
