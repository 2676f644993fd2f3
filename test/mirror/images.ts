// One image of each kind that registries hold, each with what a mirror must bring along.
import { gzipSync } from 'node:zlib';
import {
  type Content,
  content,
  type DescriptorJson,
  EMPTY_TYPE,
  type Image,
  INDEX_TYPE,
  jsonContent,
  LAYER_TYPE,
  makeImage,
  makeIndex,
  randomBlob,
} from '../support/image.ts';

export interface KindOfImage {
  readonly kind: string;
  readonly tag: string;
  readonly image: Image;
  /** Pushed as well, under tags of their own or, without one, by digest alone. */
  readonly attached?: readonly { readonly image: Image; readonly tag?: string }[];
}

const DOCKER = 'application/vnd.docker';
const DOCKER_MANIFEST = `${DOCKER}.distribution.manifest.v2+json`;
const DOCKER_LIST = `${DOCKER}.distribution.manifest.list.v2+json`;
const EMPTY = content(Buffer.from('{}'), EMPTY_TYPE);

function dockerImage(): Image {
  const tar = randomBlob(700).bytes;
  const layer = content(gzipSync(tar), `${DOCKER}.image.rootfs.diff.tar.gzip`);
  const document = { architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: [] } };
  const config = jsonContent(document, `${DOCKER}.container.image.v1+json`);
  const manifest = {
    schemaVersion: 2,
    mediaType: DOCKER_MANIFEST,
    config: config.descriptor,
    layers: [layer.descriptor],
  };
  const root = jsonContent(manifest, DOCKER_MANIFEST);
  return { blobs: [config, layer], manifests: [root], root };
}

function dockerList(): Image {
  const child = dockerImage();
  const platform = { os: 'linux', architecture: 'amd64' };
  const manifests = [{ ...child.root.descriptor, platform }];
  const root = jsonContent({ schemaVersion: 2, mediaType: DOCKER_LIST, manifests }, DOCKER_LIST);
  return { blobs: child.blobs, manifests: [...child.manifests, root], root };
}

/** As BuildKit writes them: a child for `unknown/unknown` that names the image it speaks of. */
function attestedIndex(): Image {
  const image = makeImage();
  const statement = jsonContent({ predicate: 'https://slsa.dev' }, 'application/vnd.in-toto+json');
  const attestation = makeImage({ layerContents: [statement] });
  const annotations = {
    'vnd.docker.reference.type': 'attestation-manifest',
    'vnd.docker.reference.digest': image.root.digest,
  };
  const manifests = [
    { ...image.root.descriptor, platform: { os: 'linux', architecture: 'amd64' } },
    {
      ...attestation.root.descriptor,
      platform: { os: 'unknown', architecture: 'unknown' },
      annotations,
    },
  ];
  const root = jsonContent({ schemaVersion: 2, mediaType: INDEX_TYPE, manifests }, INDEX_TYPE);
  return {
    blobs: [...image.blobs, ...attestation.blobs],
    manifests: [...image.manifests, ...attestation.manifests, root],
    root,
  };
}

function absentLayer(): DescriptorJson {
  const { digest, size } = randomBlob(10).descriptor;
  const mediaType = 'application/vnd.oci.image.layer.nondistributable.v1.tar';
  return { mediaType, digest, size, urls: ['https://layers.example/windows'] };
}

export function attachment(subject: Content, artifactType: string): Image {
  const payload = randomBlob(200, 'sha256', artifactType);
  const fields = { artifactType, subject: subject.descriptor };
  return makeImage({ config: EMPTY, layerContents: [payload], fields });
}

function cosignTag({ digest }: Content, suffix: string): string {
  return `${digest.replace(':', '-')}.${suffix}`;
}

function cosignSigned(): Omit<KindOfImage, 'kind' | 'tag'> {
  const image = makeImage();
  const payload = randomBlob(300, 'sha256', 'application/vnd.dev.cosign.simplesigning.v1+json');
  const tags = ['sig', 'att'].map((suffix) => cosignTag(image.root, suffix));
  const attached = tags.map((tag) => ({ image: makeImage({ layerContents: [payload] }), tag }));
  return { image, attached };
}

/** docker-registry knows no referrers: clients keep an index of them under a tag. */
function signedByFallbackTag(): Omit<KindOfImage, 'kind' | 'tag'> {
  const image = makeImage();
  const signature = attachment(image.root, 'application/vnd.example.signature');
  const descriptor = {
    ...signature.root.descriptor,
    artifactType: 'application/vnd.example.signature',
  };
  const index = { schemaVersion: 2, mediaType: INDEX_TYPE, manifests: [descriptor] };
  const root = jsonContent(index, INDEX_TYPE);
  const tag = image.root.digest.replace(':', '-');
  const fallback = { blobs: [], manifests: [root], root };
  return { image, attached: [{ image: signature }, { image: fallback, tag }] };
}

/** What any registry since 2017 takes. */
export function kindsOfImages(): readonly KindOfImage[] {
  const platforms = ['amd64', 'arm64', 's390x'].map((architecture) => makeImage({ architecture }));
  return [
    { kind: 'an OCI image', tag: 'oci', image: makeImage() },
    { kind: 'a Docker image', tag: 'docker', image: dockerImage() },
    { kind: 'a Docker manifest list', tag: 'docker-list', image: dockerList() },
    { kind: 'an index of three platforms', tag: 'platforms', image: makeIndex(platforms) },
    { kind: 'a nested index', tag: 'nested', image: makeIndex([makeIndex([makeImage()])]) },
    { kind: 'attestations', tag: 'attested', image: attestedIndex() },
    { kind: 'an uncompressed layer', tag: 'plain', image: makeImage({ isCompressed: false }) },
    {
      kind: 'an empty layer twice',
      tag: 'empty',
      image: makeImage({ layerContents: [content(Buffer.alloc(0), LAYER_TYPE), EMPTY] }),
    },
    { kind: 'cosign tags', tag: 'cosigned', ...cosignSigned() },
    { kind: 'a referrer by fallback tag', tag: 'referred', ...signedByFallbackTag() },
  ];
}

/** What docker-registry 2.8 refuses and another Portolan takes. */
export function kindsOfModernImages(): readonly KindOfImage[] {
  const referred = makeImage();
  const referrer = attachment(referred.root, 'application/vnd.example.sbom');
  const second = attachment(referrer.root, 'application/vnd.example.signature');
  return [
    { kind: 'sha512 digests', tag: 'sha512', image: makeImage({ algorithm: 'sha512' }) },
    {
      kind: 'a referrer of a referrer',
      tag: 'referred',
      image: referred,
      attached: [{ image: referrer }, { image: second }],
    },
    {
      kind: 'an artifact without layers of its own',
      tag: 'artifact',
      image: makeImage({
        config: EMPTY,
        layerContents: [EMPTY],
        fields: { artifactType: 'application/vnd.example' },
      }),
    },
    {
      kind: 'a non-distributable layer',
      tag: 'foreign-layer',
      image: makeImage({ absentLayers: [absentLayer()] }),
    },
    {
      kind: 'fields that nobody knows',
      tag: 'fields',
      image: makeImage({ fields: { 'org.example.unknown': { deep: [1, 2.5, null] } } }),
    },
  ];
}
