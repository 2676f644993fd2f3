// A tiny image to push, with one layer that proxies would like to compress or to refuse: a little over the
// 1 MiB that is nginx's limit, of text. Made anew each time, so that no blob is here already.
import { Digest, OCI_MANIFEST } from '@portolan/oci';
import { createHash } from 'node:crypto';

export interface ScratchBlob {
  readonly digest: Digest;
  readonly bytes: Buffer;
}

export interface ScratchImage {
  readonly config: ScratchBlob;
  readonly layer: ScratchBlob;
  readonly manifest: ScratchBlob;
}

const CONFIG_TYPE = 'application/vnd.oci.image.config.v1+json';
const LAYER_TYPE = 'application/vnd.oci.image.layer.v1.tar';
const LAYER_BYTES = 1280 * 1024;

function blobOf(bytes: Buffer): ScratchBlob {
  const hex = createHash('sha256').update(bytes).digest('hex');
  return { bytes, digest: Digest.of('sha256', hex) };
}

function describe(mediaType: string, { digest, bytes }: ScratchBlob) {
  return { mediaType, digest, size: bytes.length };
}

export function makeScratchImage(random: string): ScratchImage {
  const layer = blobOf(Buffer.alloc(LAYER_BYTES, `portolan doctor ${random}\n`));
  const config = blobOf(
    Buffer.from(
      JSON.stringify({
        architecture: 'amd64',
        os: 'linux',
        config: {},
        rootfs: { type: 'layers', diff_ids: [layer.digest] },
      }),
    ),
  );
  const manifest = blobOf(
    Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: OCI_MANIFEST,
        config: describe(CONFIG_TYPE, config),
        layers: [describe(LAYER_TYPE, layer)],
      }),
    ),
  );
  return { config, layer, manifest };
}
