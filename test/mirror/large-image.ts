// An image whose layer is larger than what a program may hold in memory; it is streamed into a registry.
import { createHash, randomBytes } from 'node:crypto';
import { jsonContent, LAYER_TYPE, makeImage, MANIFEST_TYPE } from '../support/image.ts';
import { pushBlob, putManifest, type RegistryClient } from '../support/registry-client.ts';

const MEBIBYTE = 2 ** 20;

/** 2 GiB with PORTOLAN_LARGE=1. */
export const LARGE_BYTES = (process.env['PORTOLAN_LARGE'] === '1' ? 2048 : 256) * MEBIBYTE;

/** No two mebibytes are alike, and no two calls. */
function* mebibytes(count: number): Generator<Buffer> {
  const chunk = randomBytes(MEBIBYTE);
  for (let i = 0; i < count; i++) {
    chunk.writeUInt32LE(i, 0);
    yield Buffer.from(chunk);
  }
}

async function streamBlob(
  client: RegistryClient,
  repository: string,
  bytes: number,
): Promise<string> {
  const hash = createHash('sha256');
  const hashed = function* () {
    for (const chunk of mebibytes(bytes / MEBIBYTE)) {
      hash.update(chunk);
      yield new Uint8Array(chunk);
    }
  };
  const begun = await client.expect([202], 'POST', `/v2/${repository}/blobs/uploads/`);
  const headers = { 'Content-Type': 'application/octet-stream' };
  const body = ReadableStream.from<Uint8Array>(hashed());
  const at = begun.headers.get('location') ?? '';
  const sent = await client.expect([202], 'PATCH', at, { headers, body });
  const digest = `sha256:${hash.digest('hex')}`;
  const location = new URL(sent.headers.get('location') ?? '', 'http://registry');
  location.searchParams.set('digest', digest);
  await client.expect([201], 'PUT', `${location.pathname}${location.search}`);
  return digest;
}

export interface LargeImage {
  readonly digest: string;
  readonly layer: { readonly digest: string; readonly size: number };
}

export async function pushLargeImage(
  client: RegistryClient,
  repository: string,
  tag: string,
  size = LARGE_BYTES,
): Promise<LargeImage> {
  const layer = { mediaType: LAYER_TYPE, digest: await streamBlob(client, repository, size), size };
  const config = makeImage().blobs[0];
  if (config === undefined) throw new Error('an image without a config');
  await pushBlob(client, { repository, blob: config, style: 'post-put' });
  const document = {
    schemaVersion: 2,
    mediaType: MANIFEST_TYPE,
    config: config.descriptor,
    layers: [layer],
  };
  const manifest = jsonContent(document, MANIFEST_TYPE);
  const { status } = await putManifest(client, repository, manifest, tag);
  if (status !== 201) throw new Error(`the registry refused the manifest: ${status}`);
  return { digest: manifest.digest, layer };
}
