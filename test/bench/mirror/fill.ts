// The repository that is mirrored: 200 tags of five platforms each, as somebody's builds leave them.
// Ten tags in a row stand on one base; each platform of each tag has a layer and a config of its own.
import {
  CONFIG_TYPE,
  type Content,
  type Image,
  jsonContent,
  LAYER_GZIP_TYPE,
  makeImage,
  makeIndex,
  randomBlob,
} from '../../support/image.ts';
import { createRegistryClient, pushBlob, putManifest } from '../../support/registry-client.ts';

export const REPOSITORY = 'bench/app';
export const TAGS = 200;
const TAGS_A_BASE = 10;
const PLATFORMS = ['amd64', 'arm', 'arm64', 'ppc64le', 's390x'] as const;
const BASE_BYTES = 2 * 2 ** 20;
const OWN_BYTES = 128 * 2 ** 10;

function layer(bytes: number): Content {
  return randomBlob(bytes, 'sha256', LAYER_GZIP_TYPE);
}

function makeTag(bases: readonly Content[], tag: number): Image {
  const images = PLATFORMS.map((architecture, i) => {
    const base = bases[i] ?? layer(BASE_BYTES);
    const document = { architecture, os: 'linux', build: tag, rootfs: { type: 'layers' } };
    const config = jsonContent(document, CONFIG_TYPE);
    return makeImage({ config, layerContents: [base, layer(OWN_BYTES)] });
  });
  return makeIndex(images);
}

/** Returns how many bytes the distinct blobs have. */
export async function fillUpstream(url: string): Promise<number> {
  const client = createRegistryClient(url, 'none-needed');
  const pushed = new Map<string, number>();
  let bases: Content[] = [];
  for (let tag = 0; tag < TAGS; tag++) {
    if (tag % TAGS_A_BASE === 0) bases = PLATFORMS.map(() => layer(BASE_BYTES));
    const image = makeTag(bases, tag);
    const fresh = image.blobs.filter(({ digest }) => !pushed.has(digest));
    for (const blob of fresh) {
      await pushBlob(client, { repository: REPOSITORY, blob, style: 'post-put' });
      pushed.set(blob.digest, blob.bytes.length);
    }
    for (const manifest of image.manifests) {
      const isRoot = manifest.digest === image.root.digest;
      const name = isRoot ? `1.${tag}` : undefined;
      const { status } = await putManifest(client, REPOSITORY, manifest, name);
      if (status !== 201) throw new Error(`the upstream refused a manifest: ${status}`);
    }
  }
  return [...pushed.values()].reduce((sum, bytes) => sum + bytes, 0);
}
