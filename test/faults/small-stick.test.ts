// A stick that is too small for a bundle: it is told before the first byte, and by a dry run as by an export,
// also where most of the bytes are an attestation that hangs on the image by its tag.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LAYER_TYPE, makeImage, randomBlob } from '../support/image.ts';
import { createRegistryClient, pushImage } from '../support/registry-client.ts';
import { runCommand, words } from '../support/run-command.ts';
import { mountSmallDisk, type SmallDisk, whyNoSmallDisk } from '../support/small-disk.ts';
import { type Portolan, startPortolan } from '../support/start-portolan.ts';

const REPOSITORY = 'team/app';
const STICK_MEGABYTES = 4;
const TOO_LARGE_BYTES = 6_000_000;

const reason = await whyNoSmallDisk();
const title = reason === undefined ? 'a small stick' : `a small stick (skipped: ${reason})`;

describe.skipIf(reason !== undefined)(title, () => {
  let stick: SmallDisk;
  let portolan: Portolan;

  beforeAll(async () => {
    stick = await mountSmallDisk(STICK_MEGABYTES);
    portolan = await startPortolan();
    await portolan.cli('namespace', 'create', 'team');
    const token = await portolan.token([`repository:${REPOSITORY}:pull,push`]);
    const client = createRegistryClient(portolan.url, token);
    const image = makeImage();
    const layer = randomBlob(TOO_LARGE_BYTES, 'sha256', LAYER_TYPE);
    const attestation = makeImage({ layerContents: [layer] });
    await pushImage(client, REPOSITORY, image, '1.0');
    const tag = `${image.root.digest.replace(':', '-')}.att`;
    await pushImage(client, REPOSITORY, attestation, tag);
  });

  afterAll(async () => {
    await portolan?.stop();
    await stick?.unmount();
  });

  test.each(['', ' --dry-run'])('is not filled, and the answer says so (%s)', async (option) => {
    const directory = join(stick.path, 'bundle');
    const line = `bundle export ${directory} ${REPOSITORY}:1.0${option}`;
    const { code, stderr } = await portolan.cli(...words(line));
    expect(code, stderr).toBe(8);
    expect(stderr).toContain('there is not enough space');
    expect(await readdir(stick.path)).toEqual([]);
  });

  test.each(['', ' --dry-run'])('is no place while it is read-only (%s)', async (option) => {
    const line = `bundle export ${stick.path} ${REPOSITORY}:1.0 --no-referrers${option}`;
    await runCommand('mount', ['-o', 'remount,ro', stick.path]);
    const { code, stderr } = await portolan.cli(...words(line));
    await runCommand('mount', ['-o', 'remount,rw', stick.path]);
    expect(code, stderr).toBe(2);
    expect(stderr).toContain('the stick is read-only');
  });

  test('takes what fits', async () => {
    const directory = join(stick.path, 'bundle');
    const line = `bundle export ${directory} ${REPOSITORY}:1.0 --no-referrers`;
    expect((await portolan.cli(...words(line))).code).toBe(0);
  });
});
