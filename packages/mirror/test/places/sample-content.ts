// Content for places: two images, an index of both, and a signature that refers to the first.
import { type Descriptor, Digest, OCI_INDEX, OCI_MANIFEST, Tag } from '@portolan/oci';
import { createHash } from 'node:crypto';
import type { FetchedManifest } from '../../src/places/place.ts';

export interface SampleManifest extends FetchedManifest {
  readonly tags: readonly Tag[];
}

export interface SampleContent {
  /** Configs and layers. */
  readonly blobs: readonly Buffer[];
  /** Children before their parents, subjects before their referrers. */
  readonly manifests: readonly SampleManifest[];
}

export function digestOf(bytes: Uint8Array): Digest {
  return Digest.of('sha256', createHash('sha256').update(bytes).digest('hex'));
}

export function describeBytes(
  bytes: Uint8Array,
  mediaType = 'application/octet-stream',
): Descriptor {
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}

function manifestOf(document: object, mediaType: string, tags: readonly string[]): SampleManifest {
  // Not as a serializer of today would write it: whoever parses and writes it anew is found out.
  const body = Buffer.from(`${JSON.stringify(document, null, 3)}\n`);
  return { digest: digestOf(body), mediaType, body, tags: tags.map((tag) => Tag.parse(tag)) };
}

export interface SampleImage {
  readonly blobs: readonly Buffer[];
  readonly manifest: SampleManifest;
}

/** An image of one layer; other seeds give other bytes. */
export function sampleImage(seed: string, tags: readonly string[] = []): SampleImage {
  const config = Buffer.from(JSON.stringify({ architecture: 'amd64', os: 'linux', seed }));
  const layer = Buffer.from(`layer of ${seed} `.repeat(5000));
  const document = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: describeBytes(config, 'application/vnd.oci.image.config.v1+json'),
    layers: [describeBytes(layer, 'application/vnd.oci.image.layer.v1.tar+gzip')],
  };
  return { blobs: [config, layer], manifest: manifestOf(document, OCI_MANIFEST, tags) };
}

const PLATFORMS = [
  { os: 'linux', architecture: 'amd64' },
  { os: 'linux', architecture: 'arm64' },
];

/** An index; the platforms are linux/amd64 and linux/arm64 in turn. */
export function sampleIndex(
  children: readonly FetchedManifest[],
  tags: readonly string[] = [],
): SampleManifest {
  const manifests = children.map(({ body, mediaType }, i) => ({
    ...describeBytes(body, mediaType),
    platform: PLATFORMS[i % PLATFORMS.length],
  }));
  const document = { schemaVersion: 2, mediaType: OCI_INDEX, manifests };
  return manifestOf(document, OCI_INDEX, tags);
}

/** A signature in the form of an artifact; its only layer is the config's empty object. */
export function sampleReferrer(subject: FetchedManifest): SampleImage {
  const empty = Buffer.from('{}');
  const document = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    artifactType: 'application/vnd.example.signature',
    config: describeBytes(empty, 'application/vnd.oci.empty.v1+json'),
    layers: [describeBytes(empty, 'application/vnd.oci.empty.v1+json')],
    subject: describeBytes(subject.body, subject.mediaType),
  };
  return { blobs: [empty], manifest: manifestOf(document, OCI_MANIFEST, []) };
}

export interface Sample extends SampleContent {
  readonly first: SampleImage;
  readonly second: SampleImage;
  readonly index: SampleManifest;
  readonly referrer: SampleImage | undefined;
}

/** Tags: `1.0` and `latest` at the first image, `2.0` at the second, `multi` at the index. */
export function sample({ withReferrer = true } = {}): Sample {
  const first = sampleImage('first', ['1.0', 'latest']);
  const second = sampleImage('second', ['2.0']);
  const index = sampleIndex([first.manifest, second.manifest], ['multi']);
  const referrer = withReferrer ? sampleReferrer(first.manifest) : undefined;
  return {
    first,
    second,
    index,
    referrer,
    blobs: [...first.blobs, ...second.blobs, ...(referrer?.blobs ?? [])],
    manifests: [
      first.manifest,
      second.manifest,
      index,
      ...(referrer === undefined ? [] : [referrer.manifest]),
    ],
  };
}

/** What cosign pushes without referrers: an image under a tag that names whose it is. */
function sampleCosign(subject: FetchedManifest, suffix: 'sig' | 'att' | 'sbom'): SampleImage {
  const tag = subject.digest.replace(':', '-');
  return sampleImage(`${suffix} of ${tag}`, [`${tag}.${suffix}`]);
}

/**
 * As `sample`; `1.0` has a signature and attestations by tag, and the signature of its referrer is a tag,
 * too. So have `2.0` and `multi` a signature.
 */
export function sampleWithSignatures(): Sample {
  const content = sample();
  const { first, second, index, referrer } = content;
  const attached = [
    sampleCosign(first.manifest, 'sig'),
    sampleCosign(first.manifest, 'att'),
    ...(referrer === undefined ? [] : [sampleCosign(referrer.manifest, 'sig')]),
    sampleCosign(second.manifest, 'sig'),
    sampleCosign(index, 'sig'),
  ];
  return {
    ...content,
    blobs: [...content.blobs, ...attached.flatMap(({ blobs }) => blobs)],
    manifests: [...content.manifests, ...attached.map(({ manifest }) => manifest)],
  };
}

/** Bytes in parts, as they come from a connection. */
export async function* inParts(bytes: Uint8Array, size = 16_384): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.slice(start, start + size);
}

export async function collect(parts: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const part of parts) all.push(Uint8Array.from(part));
  return Buffer.concat(all);
}
