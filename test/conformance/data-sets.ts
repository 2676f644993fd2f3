// The kinds of content that a registry must keep, each of them small, random and in either digest
// algorithm. A set is pushed, listed, pulled, queried and deleted by the cases of each workflow.
import {
  type Algorithm,
  type Content,
  content,
  type DescriptorJson,
  EMPTY_TYPE,
  type Image,
  type ImageOptions,
  jsonContent,
  makeImage,
  makeIndex,
  MANIFEST_TYPE,
  randomBlob,
} from '../support/image.ts';

export interface TaggedManifest {
  readonly content: Content;
  readonly tags: readonly string[];
}

export interface Referrers {
  readonly subject: string;
  /** What the registry must list: own fields computed by the spec's rule, not copied from an answer. */
  readonly descriptors: readonly DescriptorJson[];
}

export interface DataSet {
  readonly blobs: readonly Content[];
  /** In the order of the push. */
  readonly manifests: readonly TaggedManifest[];
  readonly referrers: readonly Referrers[];
  /** The only way to tag a manifest whose digest is not sha256 is the `tag` parameter. */
  readonly usesTagParameters: boolean;
}

export interface DataSetRow {
  readonly name: string;
  readonly algorithm: Algorithm;
  readonly make: () => DataSet;
}

const ARTIFACT_A = 'application/vnd.example.sbom.v1';
const ARTIFACT_B = 'application/vnd.example.signature.v1';
const NON_DISTRIBUTABLE = 'application/vnd.oci.image.layer.nondistributable.v1.tar';
const ANNOTATIONS = { 'org.example.greeting': 'hello', 'org.example.empty': '' };

type Make = (algorithm: Algorithm) => DataSet;

function unique(contents: readonly Content[]): Content[] {
  return [...new Map(contents.map((one) => [one.digest, one])).values()];
}

/** All of the images; the root of the last one gets the tags. */
function dataSet(
  algorithm: Algorithm,
  images: readonly Image[],
  more: Partial<DataSet> & { readonly tags?: readonly string[] } = {},
): DataSet {
  const manifests = unique(images.flatMap((image) => image.manifests));
  const root = images.at(-1)?.root.digest;
  return {
    blobs: unique(images.flatMap((image) => image.blobs)),
    manifests: manifests.map((manifest) => ({
      content: manifest,
      tags: manifest.digest === root ? (more.tags ?? ['latest']) : [],
    })),
    referrers: more.referrers ?? [],
    usesTagParameters: more.usesTagParameters ?? algorithm !== 'sha256',
  };
}

const oneImage =
  (options: (algorithm: Algorithm) => ImageOptions): Make =>
  (algorithm) =>
    dataSet(algorithm, [makeImage({ algorithm, ...options(algorithm) })]);

function platforms(algorithm: Algorithm, options: ImageOptions = {}): Image[] {
  return ['amd64', 'arm64'].map((architecture) =>
    makeImage({ algorithm, architecture, ...options }),
  );
}

function artifactOptions(algorithm: Algorithm, type: string, subject?: Content): ImageOptions {
  return {
    algorithm,
    config: content(Buffer.from('{}'), EMPTY_TYPE, algorithm),
    layerContents: [randomBlob(300, algorithm, type)],
    fields: {
      artifactType: type,
      annotations: ANNOTATIONS,
      ...(subject === undefined ? {} : { subject: subject.descriptor }),
    },
  };
}

function listed(manifest: Content, artifactType: string | undefined, annotations?: object) {
  return {
    ...manifest.descriptor,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(annotations === undefined ? {} : { annotations }),
  };
}

function largeAnnotations(): Record<string, string> {
  const names = Array.from({ length: 390 }, (_, i) => `org.example.large-${i}`);
  return Object.fromEntries(names.map((name) => [name, 'A'.repeat(10_000)]));
}

function nestedIndex(algorithm: Algorithm): DataSet {
  const inner = [1, 2].map(() => makeIndex(platforms(algorithm), { algorithm }));
  return dataSet(algorithm, [makeIndex(inner, { algorithm })]);
}

function artifactIndex(algorithm: Algorithm): DataSet {
  const children = [1, 2].map(() => makeImage(artifactOptions(algorithm, ARTIFACT_A)));
  const fields = { artifactType: ARTIFACT_A };
  return dataSet(algorithm, [makeIndex(children, { algorithm, fields })]);
}

function artifactsWithSubject(algorithm: Algorithm): DataSet {
  const subject = makeImage({ algorithm });
  const plain = makeImage({ algorithm, fields: { subject: subject.root.descriptor } });
  const a = makeImage(artifactOptions(algorithm, ARTIFACT_A, subject.root));
  const b = makeImage(artifactOptions(algorithm, ARTIFACT_B, subject.root));
  const descriptors = [
    // Without an own artifactType it is the config's media type.
    listed(plain.root, 'application/vnd.oci.image.config.v1+json'),
    listed(a.root, ARTIFACT_A, ANNOTATIONS),
    listed(b.root, ARTIFACT_B, ANNOTATIONS),
  ];
  return dataSet(algorithm, [subject, plain, a, b], {
    referrers: [{ subject: subject.root.digest, descriptors }],
  });
}

function indexWithSubject(algorithm: Algorithm): DataSet {
  const subject = makeIndex(platforms(algorithm), { algorithm });
  const children = platforms(algorithm);
  const typed = { artifactType: ARTIFACT_A, annotations: ANNOTATIONS };
  const common = { subject: subject.root.descriptor };
  const a = makeIndex(children, { algorithm, fields: { ...common, ...typed } });
  const untyped = makeIndex(children, { algorithm, fields: common });
  const descriptors = [
    listed(a.root, ARTIFACT_A, ANNOTATIONS),
    // An index has no config to take the type from, so there is none.
    listed(untyped.root, undefined),
  ];
  return dataSet(algorithm, [subject, a, untyped], {
    referrers: [{ subject: subject.root.digest, descriptors }],
  });
}

function missingSubject(algorithm: Algorithm): DataSet {
  const absent = randomBlob(123, algorithm, MANIFEST_TYPE);
  const artifact = makeImage(artifactOptions(algorithm, ARTIFACT_A, absent));
  const descriptors = [listed(artifact.root, ARTIFACT_A, ANNOTATIONS)];
  return dataSet(algorithm, [artifact], { referrers: [{ subject: absent.digest, descriptors }] });
}

function dataField(algorithm: Algorithm): DataSet {
  const plain = content(Buffer.from('{"author":"data"}'), EMPTY_TYPE, algorithm);
  const data = plain.bytes.toString('base64');
  const config = { ...plain, descriptor: { ...plain.descriptor, data } };
  return dataSet(algorithm, [makeImage({ algorithm, config })]);
}

function nonDistributable(algorithm: Algorithm): ImageOptions {
  const absent = [NON_DISTRIBUTABLE, `${NON_DISTRIBUTABLE}+gzip`].map((mediaType) => {
    const { digest } = randomBlob(64, algorithm);
    return { mediaType, digest, size: 12_345, urls: [`https://store.example.com/${digest}`] };
  });
  return { absentLayers: absent };
}

function customFields(algorithm: Algorithm): DataSet {
  const fields = { 'org.example.unknown': { nested: [1, 2.5, null, 'ünïcode'] } };
  const children = platforms(algorithm, { fields });
  return dataSet(algorithm, [makeIndex(children, { algorithm, fields })]);
}

function tagParameters(algorithm: Algorithm): DataSet {
  const image = makeIndex(platforms(algorithm), { algorithm });
  const tags = Array.from({ length: 12 }, (_, i) => `parameter-${i}`);
  return dataSet(algorithm, [image], { usesTagParameters: true, tags });
}

function dockerImage(algorithm: Algorithm): DataSet {
  const docker = 'application/vnd.docker.distribution.manifest';
  const config = randomBlob(200, algorithm, 'application/vnd.docker.container.image.v1+json');
  const layer = randomBlob(300, algorithm, 'application/vnd.docker.image.rootfs.diff.tar.gzip');
  const body = { schemaVersion: 2, mediaType: `${docker}.v2+json`, config: config.descriptor };
  const manifest = jsonContent({ ...body, layers: [layer.descriptor] }, body.mediaType, algorithm);
  const mediaType = `${docker}.list.v2+json`;
  const platform = { os: 'linux', architecture: 'amd64' };
  const manifests = [{ ...manifest.descriptor, platform }];
  const list = jsonContent({ schemaVersion: 2, mediaType, manifests }, mediaType, algorithm);
  return dataSet(algorithm, [{ blobs: [config, layer], manifests: [manifest, list], root: list }]);
}

const SETS: Readonly<Record<string, Make>> = {
  'an image': oneImage(() => ({})),
  'an image with uncompressed layers': oneImage(() => ({ isCompressed: false })),
  'a manifest of 3.9 MB': oneImage(() => ({ fields: { annotations: largeAnnotations() } })),
  'an index': (algorithm) => dataSet(algorithm, [makeIndex(platforms(algorithm), { algorithm })]),
  'a nested index': nestedIndex,
  'an empty index': (algorithm) => dataSet(algorithm, [makeIndex([], { algorithm })]),
  'an artifact': oneImage((algorithm) => artifactOptions(algorithm, ARTIFACT_A)),
  'an artifact index': artifactIndex,
  'an artifact without layers': oneImage((algorithm) => {
    const empty = content(Buffer.from('{}'), EMPTY_TYPE, algorithm);
    return { config: empty, layerContents: [empty], fields: { artifactType: ARTIFACT_A } };
  }),
  'artifacts with a subject': artifactsWithSubject,
  'indexes with a subject': indexWithSubject,
  'an artifact whose subject is missing': missingSubject,
  'a descriptor with a data field': dataField,
  'an image with non-distributable layers': oneImage(nonDistributable),
  'manifests with custom fields': customFields,
  'an image with no layers': oneImage(() => ({ layers: 0 })),
  'an index pushed with tag parameters': tagParameters,
  'a Docker manifest list': dockerImage,
};

export const DATA_SETS: readonly DataSetRow[] = (['sha256', 'sha512'] as const).flatMap(
  (algorithm) =>
    Object.entries(SETS).map(([name, make]) => ({ name, algorithm, make: () => make(algorithm) })),
);

/** An image, and an index of which one child is nowhere. */
export function sparseIndex(algorithm: Algorithm): Image {
  const absent = randomBlob(1024, algorithm, MANIFEST_TYPE).descriptor;
  return makeIndex([makeImage({ algorithm })], { algorithm, absent: [absent] });
}
