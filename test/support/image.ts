// Small OCI content, made in memory: random blobs, manifests and indexes with true digests in either
// algorithm (image-spec manifest.md, image-index.md, config.md).
import { createHash, randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';

export type Algorithm = 'sha256' | 'sha512';

export const MANIFEST_TYPE = 'application/vnd.oci.image.manifest.v1+json';
export const INDEX_TYPE = 'application/vnd.oci.image.index.v1+json';
export const CONFIG_TYPE = 'application/vnd.oci.image.config.v1+json';
export const EMPTY_TYPE = 'application/vnd.oci.empty.v1+json';
export const LAYER_TYPE = 'application/vnd.oci.image.layer.v1.tar';
export const LAYER_GZIP_TYPE = 'application/vnd.oci.image.layer.v1.tar+gzip';

export interface DescriptorJson {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly [field: string]: unknown;
}

/** Bytes under a digest: a blob, or a manifest's body. */
export interface Content {
  readonly mediaType: string;
  readonly digest: string;
  readonly bytes: Buffer;
  readonly descriptor: DescriptorJson;
}

/** What must be pushed, in this order, so that `root` can be pulled. */
export interface Image {
  readonly blobs: readonly Content[];
  /** Children before parents; the last one is `root`. */
  readonly manifests: readonly Content[];
  readonly root: Content;
}

export function digestOf(bytes: Uint8Array, algorithm: Algorithm = 'sha256'): string {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`;
}

export function content(
  bytes: Buffer,
  mediaType: string,
  algorithm: Algorithm = 'sha256',
): Content {
  const digest = digestOf(bytes, algorithm);
  return { mediaType, digest, bytes, descriptor: { mediaType, digest, size: bytes.length } };
}

export function randomBlob(
  size: number,
  algorithm: Algorithm = 'sha256',
  mediaType = 'application/octet-stream',
): Content {
  return content(randomBytes(size), mediaType, algorithm);
}

export function jsonContent(
  document: object,
  mediaType: string,
  algorithm: Algorithm = 'sha256',
): Content {
  return content(Buffer.from(JSON.stringify(document)), mediaType, algorithm);
}

export interface ImageOptions {
  readonly algorithm?: Algorithm;
  /** How many random layers; 2 unless told otherwise. */
  readonly layers?: number;
  readonly isCompressed?: boolean;
  readonly architecture?: string;
  /** Instead of an image's config and random layers. */
  readonly config?: Content;
  readonly layerContents?: readonly Content[];
  /** Descriptors whose content is not pushed, put before the layers. */
  readonly absentLayers?: readonly DescriptorJson[];
  /** More fields of the manifest: `artifactType`, `subject`, `annotations`, unknown ones. */
  readonly fields?: Readonly<Record<string, unknown>>;
}

function randomLayer(options: ImageOptions): { layer: Content; diffId: string } {
  const algorithm = options.algorithm ?? 'sha256';
  const tar = randomBytes(512);
  const layer =
    options.isCompressed === false
      ? content(tar, LAYER_TYPE, algorithm)
      : content(gzipSync(tar), LAYER_GZIP_TYPE, algorithm);
  return { layer, diffId: digestOf(tar, algorithm) };
}

function imageConfig(options: ImageOptions, diffIds: readonly string[]): Content {
  const document = {
    architecture: options.architecture ?? 'amd64',
    os: 'linux',
    author: randomBytes(8).toString('hex'),
    config: { Cmd: ['/bin/true'] },
    rootfs: { type: 'layers', diff_ids: diffIds },
  };
  return jsonContent(document, CONFIG_TYPE, options.algorithm);
}

/** One image manifest with its config and layers; random, so no two are alike. */
export function makeImage(options: ImageOptions = {}): Image {
  const random = Array.from({ length: options.layers ?? 2 }, () => randomLayer(options));
  const layers = options.layerContents ?? random.map(({ layer }) => layer);
  const diffIds = random.map(({ diffId }) => diffId);
  const config = options.config ?? imageConfig(options, diffIds);
  const document = {
    schemaVersion: 2,
    mediaType: MANIFEST_TYPE,
    config: config.descriptor,
    layers: [...(options.absentLayers ?? []), ...layers.map((layer) => layer.descriptor)],
    ...options.fields,
  };
  const root = jsonContent(document, MANIFEST_TYPE, options.algorithm);
  return { blobs: [config, ...layers], manifests: [root], root };
}

export interface IndexOptions {
  readonly algorithm?: Algorithm;
  /** Descriptors of manifests that are not pushed. */
  readonly absent?: readonly DescriptorJson[];
  readonly fields?: Readonly<Record<string, unknown>>;
}

/** An index over the roots of the given images or indexes. */
export function makeIndex(children: readonly Image[], options: IndexOptions = {}): Image {
  const platforms = ['amd64', 'arm64', 's390x', 'riscv64'];
  const descriptors = children.map(({ root }, i) =>
    root.mediaType === INDEX_TYPE
      ? root.descriptor
      : { ...root.descriptor, platform: { os: 'linux', architecture: platforms[i] ?? 'arm' } },
  );
  const document = {
    schemaVersion: 2,
    mediaType: INDEX_TYPE,
    manifests: [...descriptors, ...(options.absent ?? [])],
    ...options.fields,
  };
  const root = jsonContent(document, INDEX_TYPE, options.algorithm);
  return {
    blobs: children.flatMap((child) => child.blobs),
    manifests: [...children.flatMap((child) => child.manifests), root],
    root,
  };
}
