// Two Portolans with nothing but a directory between them: what one exports, the other imports, and
// engines pull it there under the same name and digest.
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { describeWith } from '../support/debian-package.ts';
import { type Content, type Image, makeImage, makeIndex } from '../support/image.ts';
import { pushImage } from '../support/registry-client.ts';
import { runCommand, runOrThrow } from '../support/run-command.ts';
import { createScratchDirectory, type ScratchDirectory } from '../support/scratch-directory.ts';
import { kindsOfImages, kindsOfModernImages } from './images.ts';
import { digestAt, expectWhole, type Mirror, pushKinds, skopeo, startMirror } from './world.ts';

async function blobsIn(directory: string): Promise<string[]> {
  const entries = await readdir(join(directory, 'blobs', 'sha256')).catch(() => []);
  return entries.map((hex) => `sha256:${hex}`);
}

describeWith({ packages: ['skopeo'] }, 'an air gap', () => {
  let scratch: ScratchDirectory;
  /** On this side of the gap. */
  let near: Mirror;
  /** On the other side. */
  let far: Mirror;
  let count = 0;
  let name: string;

  beforeAll(async () => {
    scratch = await createScratchDirectory('gap');
    near = await startMirror();
    far = await startMirror();
  });

  afterAll(async () => {
    await near?.portolan.stop();
    await far?.portolan.stop();
    await scratch?.remove();
  });

  beforeEach(() => {
    name = `apps/app${++count}`;
  });

  const stick = (label: string): string => join(scratch.path, `${label}-${count}`);

  async function push(tag: string, image: Image = makeIndex([makeImage(), makeImage()])) {
    await pushImage(await near.client(name), name, image, tag);
    return image;
  }

  async function far404(reference: string): Promise<void> {
    expect(await digestAt(await far.client(name), name, reference)).toBeUndefined();
  }

  async function farHas(tag: string, image: Image): Promise<void> {
    const client = await far.client(name);
    expect(await digestAt(client, name, tag)).toBe(image.root.digest);
    await expectWhole(client, name, image);
  }

  async function haveFile(of: Mirror): Promise<string> {
    const file = stick('have.json');
    await writeFile(file, (await of.must('bundle have')).stdout);
    return file;
  }

  test('every kind of image crosses it byte for byte', async () => {
    const kinds = [...kindsOfImages(), ...kindsOfModernImages()].filter(
      ({ kind }) => !kind.includes('fallback'),
    );
    await pushKinds(await near.client(name), name, kinds);
    const directory = stick('usb');
    await near.must(`bundle export ${directory} ${name}`);
    await far.must(`bundle verify ${directory}`);
    await far.must(`bundle import ${directory}`);
    const client = await far.client(name);
    for (const { tag, image, attached = [] } of kinds) {
      expect(await digestAt(client, name, tag), tag).toBe(image.root.digest);
      await expectWhole(client, name, image);
      for (const each of attached) await expectWhole(client, name, each.image);
    }
  });

  test('sha256sum alone checks the stick', async () => {
    await push('1');
    const directory = stick('usb');
    await near.must(`bundle export ${directory} ${name}`);
    const checked = await runCommand('/usr/bin/sha256sum', ['--strict', '-c', 'SHA256SUMS'], {
      cwd: directory,
    });
    expect(checked.code, checked.output).toBe(0);
  });

  test('skopeo reads the stick as an OCI layout', async () => {
    const image = await push('1', makeImage());
    const directory = stick('usb');
    await near.must(`bundle export ${directory} ${name}`);
    const raw = await skopeo(near.portolan, `inspect --raw oci:${directory}:${name}:1`);
    expect(raw.stdout, raw.output).toBe(image.root.bytes.toString());
  });

  test('a flipped byte publishes nothing', async () => {
    const image = await push('1');
    const directory = stick('usb');
    await near.must(`bundle export ${directory} ${name}`);
    const [, hex = ''] = (image.blobs[1] as Content).digest.split(':');
    await writeFile(
      join(directory, 'blobs', 'sha256', hex),
      'x'.repeat(image.blobs[1]?.bytes.length ?? 0),
    );
    expect((await far.run(`bundle verify ${directory}`)).code).toBe(4);
    const imported = await far.run(`bundle import ${directory}`);
    expect(imported.code).toBe(4);
    expect(imported.stdout + imported.stderr).toContain(hex.slice(0, 12));
    await far404('1');
  });

  test('have.json leaves out what is there, and the order of sticks does not matter', async () => {
    const first = await push('1');
    const all = stick('all');
    await near.must(`bundle export ${all} ${name}`);
    await far.must(`bundle import ${all}`);
    const have = await haveFile(far);

    const second = await push('2', makeIndex([makeImage()]));
    const two = stick('two');
    await near.must(`bundle export ${two} ${name} --base ${have}`);
    const third = await push('3', makeIndex([makeImage()]));
    const three = stick('three');
    await near.must(`bundle export ${three} ${name} --base ${have}`);

    const known = new Set(first.blobs.map(({ digest }) => digest));
    for (const directory of [two, three]) {
      expect((await blobsIn(directory)).filter((digest) => known.has(digest))).toEqual([]);
    }
    await far.must(`bundle import ${three}`);
    await far.must(`bundle import ${two} --allow-older`);
    await farHas('1', first);
    await farHas('2', second);
    await farHas('3', third);
  });

  test('a difference whose base is missing names it and publishes nothing', async () => {
    await push('1');
    const base = stick('base');
    await near.must(`bundle export ${base} ${name}`);
    await push('2', makeIndex([makeImage({ layerContents: [] })]));
    const next = stick('next');
    await near.must(`bundle export ${next} ${name} --base ${base}`);
    const { code, stdout, stderr } = await far.run(`bundle import ${next}`);
    expect(code).not.toBe(0);
    expect(stdout + stderr).toMatch(/missing|lacks|sha256:/);
    await far404('1');
    await far404('2');
    await far.must(`bundle import ${base}`);
    await far.must(`bundle import ${next}`);
  });

  test('an older stick moves no tag back unless it is told to', async () => {
    const before = await push('latest');
    const old = stick('old');
    await near.must(`bundle export ${old} ${name}`);
    const after = await push('latest');
    const fresh = stick('fresh');
    await near.must(`bundle export ${fresh} ${name}`);
    await far.must(`bundle import ${fresh}`);
    expect((await far.run(`bundle import ${old}`)).code).not.toBe(0);
    await farHas('latest', after);
    await far.must(`bundle import ${old} --allow-older`);
    await farHas('latest', before);
  });

  test('a signed stick is taken with its key and refused with another', async () => {
    const image = await push('1');
    const keys = stick('key');
    await near.must(`bundle keygen ${keys}`);
    await near.must(`bundle keygen ${keys}-other`);
    const directory = stick('usb');
    await near.must(`bundle export ${directory} ${name} --sign ${keys}`);
    expect((await far.run(`bundle import ${directory} --key ${keys}-other.pub`)).code).toBe(4);
    await far404('1');
    await far.must(`bundle import ${directory} --key ${keys}.pub`);
    await farHas('1', image);
  });

  test('an export and an import may be run again, and do nothing then', async () => {
    const image = await push('1');
    const directory = stick('usb');
    await near.must(`bundle export ${directory} ${name}`);
    const files = await readdir(directory, { recursive: true });
    await near.must(`bundle export ${directory} ${name}`);
    expect((await readdir(directory, { recursive: true })).toSorted()).toEqual(files.toSorted());
    await far.must(`bundle import ${directory}`);
    await far.must(`bundle import ${directory}`);
    await farHas('1', image);
  });

  test('an import leaves a report and an entry in the audit log', async () => {
    await push('1');
    const directory = stick('usb');
    await near.must(`bundle export ${directory} ${name}`);
    const { report } = await far.json<{ report: string }>(
      `bundle import ${directory} --report ${stick('report')}`,
    );
    const { stdout } = await runOrThrow('/usr/bin/head', ['-c', '200', report]);
    expect(stdout.toLowerCase()).toContain('<!doctype html');
  });
});
