// distribution-spec "Pushing Manifests": every data set is accepted, tags come with it, and what is
// wrong in itself or refers to nothing is refused.
import { expect } from 'vitest';
import {
  type Content,
  content,
  INDEX_TYPE,
  jsonContent,
  makeImage,
  makeIndex,
  MANIFEST_TYPE,
  randomBlob,
} from '../support/image.ts';
import type { ConformanceCase } from './conformance-case.ts';
import { DATA_SETS, sparseIndex } from './data-sets.ts';
import { type ManifestPush, pushDataSet } from './push-data-set.ts';
import type { Answer } from './registry-client.ts';
import { expectRefusal, type Repository } from './repository.ts';

const SECTION = 'Pushing Manifests';

function acceptedTags(answer: Answer): string[] {
  const header = answer.headers.get('oci-tag') ?? '';
  return header.split(',').map((tag) => tag.trim());
}

function subjectOf(manifest: Content): string | null {
  const document = JSON.parse(manifest.bytes.toString()) as { subject?: { digest: string } };
  return document.subject?.digest ?? null;
}

async function expectAccepted(repository: Repository, { manifest, answer }: ManifestPush) {
  const { bytes, digest, mediaType } = manifest.content;
  expect(answer.headers.get('docker-content-digest')).toBe(digest);
  expect(answer.headers.get('oci-subject')).toBe(subjectOf(manifest.content));
  const pulled = await repository.request('GET', answer.location());
  expect(pulled.status).toBe(200);
  expect(pulled.headers.get('content-type')).toBe(mediaType);
  expect(pulled.body.equals(bytes)).toBe(true);
}

const dataSets: ConformanceCase[] = DATA_SETS.map(({ name, algorithm, make }) => ({
  section: SECTION,
  name: `accepts ${name}, ${algorithm}`,
  async run(context) {
    const repository = await context.repository();
    const set = make();
    for (const push of await pushDataSet(repository, set)) {
      await expectAccepted(repository, push);
      const tags = set.usesTagParameters ? push.manifest.tags : [];
      if (tags.length > 0) expect(acceptedTags(push.answer).sort()).toEqual([...tags].sort());
    }
  },
}));

const sparse: ConformanceCase[] = (['sha256', 'sha512'] as const).flatMap((algorithm) => [
  {
    section: SECTION,
    name: `refuses a sparse index, ${algorithm}`,
    async run(context) {
      const repository = await context.repository();
      const { blobs, manifests, root } = sparseIndex(algorithm);
      for (const blob of blobs) await repository.pushBlob(blob);
      for (const child of manifests.slice(0, -1)) await repository.pushManifest(child);
      expectRefusal(await tryPut(repository, root), 400, 'MANIFEST_BLOB_UNKNOWN');
    },
  },
  {
    section: SECTION,
    name: `accepts a sparse index where the namespace allows it, ${algorithm}`,
    async run(context) {
      const repository = await context.repository({ allowsSparse: true });
      const { blobs, manifests, root } = sparseIndex(algorithm);
      for (const blob of blobs) await repository.pushBlob(blob);
      for (const manifest of manifests) await repository.pushManifest(manifest);
      const pulled = await repository.request('GET', repository.manifest(root.digest));
      expect(pulled.body.equals(root.bytes)).toBe(true);
    },
  },
]);

interface PutOptions {
  readonly reference?: string;
  readonly contentType?: string | undefined;
  readonly tags?: readonly string[];
  readonly ifMatch?: string;
}

function tryPut(repository: Repository, manifest: Content, options: PutOptions = {}) {
  const headers: Record<string, string> = {};
  const type = 'contentType' in options ? options.contentType : manifest.mediaType;
  if (type !== undefined) headers['Content-Type'] = type;
  if (options.ifMatch !== undefined) headers['If-Match'] = options.ifMatch;
  return repository.request('PUT', repository.manifest(options.reference ?? manifest.digest), {
    query: { tag: options.tags ?? [] },
    headers,
    body: manifest.bytes,
  });
}

interface Refused {
  readonly manifest: Content;
  readonly options?: PutOptions;
  readonly status?: number;
  readonly code?: string;
}

/** Each makes its own manifest; the blobs of `image` are pushed, so nothing else is wrong. */
const REFUSED: Readonly<Record<string, (image: Content) => Refused>> = {
  'a manifest whose bytes are not those of its digest': (image) => ({
    manifest: { ...image, bytes: Buffer.concat([image.bytes, Buffer.from('  ')]) },
    code: 'DIGEST_INVALID',
  }),
  'a manifest under the digest `sha256:baddigeststring`': (image) => ({
    manifest: image,
    options: { reference: 'sha256:baddigeststring' },
    code: 'DIGEST_INVALID',
  }),
  'a manifest under a digest of an unsupported algorithm': (image) => ({
    manifest: image,
    options: { reference: `blake3:${'0'.repeat(64)}` },
    code: 'DIGEST_INVALID',
  }),
  'a manifest under a malformed tag': (image) => ({
    manifest: image,
    options: { reference: '-latest' },
    code: 'MANIFEST_INVALID',
  }),
  'a malformed tag parameter': (image) => ({
    manifest: image,
    options: { tags: ['good', '.bad'] },
    code: 'MANIFEST_INVALID',
  }),
  'a mediaType that is not the Content-Type': (image) => ({
    manifest: image,
    options: { contentType: INDEX_TYPE },
  }),
  'what is not JSON': () => ({ manifest: content(Buffer.from('{"a":'), MANIFEST_TYPE) }),
  'JSON that is no object': () => ({ manifest: content(Buffer.from('[]'), MANIFEST_TYPE) }),
  'a document that is a manifest and an index at once': (image) => ({
    manifest: jsonContent(
      { ...(JSON.parse(image.bytes.toString()) as object), manifests: [] },
      MANIFEST_TYPE,
    ),
  }),
  'a Docker schema 1 manifest': () => ({
    manifest: jsonContent(
      { schemaVersion: 1, name: 'a', tag: 'b', fsLayers: [], history: [] },
      'application/vnd.docker.distribution.manifest.v1+json',
    ),
  }),
  'a descriptor with a malformed digest': () => ({
    manifest: makeImage({ absentLayers: [{ mediaType: 'a/b', digest: 'sha256:1', size: 1 }] }).root,
  }),
  'a missing layer': () => ({
    manifest: makeImage({ absentLayers: [randomBlob(9).descriptor] }).root,
    code: 'MANIFEST_BLOB_UNKNOWN',
  }),
  'a missing config and layers': () => ({
    manifest: makeImage().root,
    code: 'MANIFEST_BLOB_UNKNOWN',
  }),
  'a missing child': () => ({
    manifest: makeIndex([makeImage()]).root,
    code: 'MANIFEST_BLOB_UNKNOWN',
  }),
  'a manifest above 4 MiB': () => ({
    manifest: makeImage({ fields: { annotations: { a: 'A'.repeat(4 * 1024 * 1024) } } }).root,
    status: 413,
    code: 'SIZE_INVALID',
  }),
};

const refusals: ConformanceCase[] = Object.entries(REFUSED).map(([name, make]) => ({
  section: SECTION,
  name: `refuses ${name}`,
  async run(context) {
    const repository = await context.repository();
    const image = makeImage();
    for (const blob of image.blobs) await repository.pushBlob(blob);
    const { manifest, options, status = 400, code = 'MANIFEST_INVALID' } = make(image.root);
    expectRefusal(await tryPut(repository, manifest, options), status, code);
    const path = repository.manifest(manifest.digest);
    expect((await repository.request('HEAD', path)).status).toBe(404);
  },
}));

/** A repository that holds the blobs of one image, and the image's manifest. */
async function prepare(context: Parameters<ConformanceCase['run']>[0]) {
  const repository = await context.repository();
  const { blobs, root } = makeImage();
  for (const blob of blobs) await repository.pushBlob(blob);
  return { repository, root };
}

async function resolveTag(repository: Repository, tag: string) {
  const answer = await repository.request('HEAD', repository.manifest(tag));
  return answer.headers.get('docker-content-digest');
}

const behaviours: ConformanceCase[] = [
  {
    section: SECTION,
    name: 'takes the same manifest again',
    async run(context) {
      const { repository, root } = await prepare(context);
      await repository.pushManifest(root, 'latest');
      await repository.pushManifest(root, 'latest');
      await repository.pushManifest(root);
    },
  },
  {
    section: SECTION,
    name: 'moves a tag to what was pushed last',
    async run(context) {
      const { repository, root } = await prepare(context);
      const empty = makeIndex([]).root;
      await repository.pushManifest(root, 'latest');
      await repository.pushManifest(empty, 'latest');
      expect(await resolveTag(repository, 'latest')).toBe(empty.digest);
      expect(await resolveTag(repository, root.digest)).toBe(root.digest);
    },
  },
  {
    section: SECTION,
    name: 'moves tags by tag parameters',
    async run(context) {
      const { repository, root } = await prepare(context);
      await repository.pushManifest(makeIndex([]).root, 'latest');
      const answer = await tryPut(repository, root, { tags: ['latest', '1.2', '1'] });
      expect(acceptedTags(answer).sort()).toEqual(['1', '1.2', 'latest']);
      expect(await resolveTag(repository, 'latest')).toBe(root.digest);
    },
  },
  {
    section: SECTION,
    name: 'infers the media type where there is no Content-Type',
    async run(context) {
      const { repository, root } = await prepare(context);
      const answer = await tryPut(repository, root, { contentType: undefined });
      expect(answer.status, answer.body.toString()).toBe(201);
      const pulled = await repository.request('HEAD', repository.manifest(root.digest));
      expect(pulled.headers.get('content-type')).toBe(MANIFEST_TYPE);
    },
  },
  {
    section: SECTION,
    name: 'ignores parameters of the Content-Type',
    async run(context) {
      const { repository, root } = await prepare(context);
      const answer = await tryPut(repository, root, {
        contentType: `${MANIFEST_TYPE}; charset=utf-8`,
      });
      expect(answer.status, answer.body.toString()).toBe(201);
      const pulled = await repository.request('HEAD', repository.manifest(root.digest));
      expect(pulled.headers.get('content-type')).toBe(MANIFEST_TYPE);
    },
  },
  {
    section: 'Pushing Manifests with Subject',
    name: 'takes conditional requests against lost updates of a tag',
    async run(context) {
      const { repository, root } = await prepare(context);
      const first = makeIndex([]).root;
      await repository.pushManifest(first, 'list');
      const options = { reference: 'list', ifMatch: `"${root.digest}"` };
      const late = await tryPut(repository, root, options);
      expect(late.status).toBe(412);
      expect(await resolveTag(repository, 'list')).toBe(first.digest);
      const good = await tryPut(repository, root, { ...options, ifMatch: `"${first.digest}"` });
      expect(good.status, good.body.toString()).toBe(201);
    },
  },
];

export const PUSH_MANIFEST_CASES: readonly ConformanceCase[] = [
  ...dataSets,
  ...sparse,
  ...refusals,
  ...behaviours,
];
