// Layers through a proxy: real clients, large ones, in pieces, slowly. Nothing is kept back on the way, and
// nothing has a limit.
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { content, digestOf, type Image, LAYER_TYPE, makeImage } from '../support/image.ts';
import { createOciLayout } from '../support/oci-layout.ts';
import { pullBlob, pushBlob, UPLOAD_STYLES } from '../support/registry-client.ts';
import { words } from '../support/run-command.ts';
import { ADMIN, type OneBox } from './one-box.ts';

const HOST = 'registry.lan';
const MIB = 2 ** 20;

async function skopeo(box: OneBox, line: string): Promise<void> {
  const env = { HOME: box.directory, SSL_CERT_FILE: box.caFile };
  const { code, output } = await box.network.runCommand('/usr/bin/skopeo', words(line), { env });
  expect(output).not.toContain('level=error');
  expect(code, output).toBe(0);
}

async function pushAndPull(box: OneBox, image: Image, reference: string): Promise<void> {
  const layout = join(box.directory, reference.replaceAll(/[^a-z0-9]/g, '-'));
  await createOciLayout(layout, image);
  const login = `${ADMIN.name}:${ADMIN.password}`;
  await skopeo(
    box,
    `copy --preserve-digests --dest-creds ${login} oci:${layout} docker://${HOST}/${reference}`,
  );
  // `dir:` keeps digests as they are, and skopeo checks each.
  await skopeo(box, `copy --src-creds ${login} docker://${HOST}/${reference} dir:${layout}-pulled`);
  for (const { digest, bytes } of image.blobs) {
    const [, hex = ''] = digest.split(':');
    expect((await stat(join(`${layout}-pulled`, hex))).size).toBe(bytes.length);
  }
}

function clientTests(box: () => OneBox): void {
  test('skopeo pushes and pulls an image of several layers', async () => {
    await pushAndPull(box(), makeImage({ layers: 5 }), 'admin/several:1');
  });

  test('skopeo pushes and pulls a layer of 200 MiB', async () => {
    const layer = content(randomBytes(200 * MIB), LAYER_TYPE);
    await pushAndPull(box(), makeImage({ layerContents: [layer] }), 'admin/large:1');
  });

  test.each(UPLOAD_STYLES)('a blob comes in as %s, and is the same', async (style) => {
    const repository = 'admin/styles';
    const scopes = [repository, 'admin/other'].map((name) => `repository:${name}:pull,push`);
    const client = box().client.registry(HOST, await box().token(scopes));
    const blob = content(randomBytes(3 * MIB), LAYER_TYPE);
    const from = 'admin/other';
    if (style === 'mount') await pushBlob(client, { repository: from, blob, style: 'post-put' });
    await pushBlob(client, { repository, blob, style, from });
    expect(await pullBlob(client, repository, blob.digest)).toEqual(blob.bytes);
  });
}

async function bytesInUploads(box: OneBox): Promise<number> {
  const directory = join(box.dataDir, 'uploads');
  const files = await readdir(directory, { recursive: true });
  const sizes = await Promise.all(files.map(async (file) => stat(join(directory, file))));
  return sizes.filter((one) => one.isFile()).reduce((sum, { size }) => sum + size, 0);
}

async function openUpload(box: OneBox, repository: string) {
  const client = box.client.registry(HOST, await box.token([`repository:${repository}:pull,push`]));
  const opened = await client.expect([202], 'POST', `/v2/${repository}/blobs/uploads/`);
  return { client, location: opened.headers.get('location') ?? '' };
}

/** @param silenceMs longer than the time for headers, which the tests shorten to 2 s */
function paceTests(box: () => OneBox, silenceMs: number): void {
  test('bytes arrive while the client still sends, and a client may be silent meanwhile', async () => {
    const { client, location } = await openUpload(box(), 'admin/slow');
    const halves = [randomBytes(MIB), randomBytes(MIB)] as const;
    const whole = Buffer.concat(halves);
    const before = await bytesInUploads(box());
    let arrived = 0;
    async function* slowly(): AsyncGenerator<Uint8Array> {
      yield halves[0];
      await delay(silenceMs);
      arrived = (await bytesInUploads(box())) - before;
      yield halves[1];
    }
    const query = `${location.includes('?') ? '&' : '?'}digest=${digestOf(whole)}`;
    const headers = {
      'content-length': String(whole.length),
      'content-type': 'application/octet-stream',
    };
    const body = ReadableStream.from<Uint8Array>(slowly());
    await client.expect([201], 'PUT', location + query, { headers, body });
    expect(arrived).toBeGreaterThan(MIB / 2);
  });
}

export function transferTests(box: () => OneBox): void {
  clientTests(box);
  paceTests(box, 4000);
}
