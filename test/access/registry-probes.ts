// One request for every route below `/v2/`, with the right that it takes and the status of success.
// The keys are those of the registry's route table; the rights are written down here anew.
import type { RequestOptions } from '../conformance/registry-client.ts';
import type { Repository } from '../conformance/repository.ts';
import { type Content, type Image, makeIndex, randomBlob } from '../support/image.ts';
import type { Action } from './reference-model.ts';

export interface ProbeScene {
  /** Paths alone count here, not whose session it is. */
  readonly repository: Repository;
  /** What the repository holds, under the tag `latest`. */
  readonly image: Image;
  /** Begins an upload, as the subject if it may, else as somebody else. */
  readonly beginUpload: () => Promise<string>;
}

export interface Probe {
  readonly method: string;
  readonly pattern: string;
  /** Where one route has two meanings. */
  readonly note?: string;
  readonly needs: Action | 'any token' | 'catalog';
  readonly success: number;
  readonly target: (scene: ProbeScene) => string | Promise<string>;
  readonly options?: (scene: ProbeScene) => RequestOptions;
}

const NEW_BLOB = randomBlob(32);
const NEW_INDEX = makeIndex([]).root;
const INDEX_TYPE = { 'Content-Type': NEW_INDEX.mediaType };

function firstBlob({ image }: ProbeScene): Content {
  return image.blobs[0] ?? image.root;
}

function firstBlobPath(scene: ProbeScene): string {
  return scene.repository.blob(firstBlob(scene).digest);
}

function withUploads(): Probe[] {
  const uploads = '/v2/<name>/blobs/uploads/';
  const upload = `${uploads}<id>`;
  const post = { method: 'POST', pattern: uploads, needs: 'push' as const };
  const begun = { needs: 'push' as const, target: (scene: ProbeScene) => scene.beginUpload() };
  return [
    { ...post, success: 202, target: ({ repository }) => repository.uploads },
    {
      ...post,
      note: 'with a body',
      success: 201,
      target: ({ repository }) => repository.uploads,
      options: () => ({ query: { digest: NEW_BLOB.digest }, body: NEW_BLOB.bytes }),
    },
    {
      ...post,
      note: 'as a mount of nothing',
      success: 202,
      target: ({ repository }) => repository.uploads,
      options: (scene) => ({
        query: { mount: NEW_BLOB.digest, from: `${scene.repository.name}/nothing` },
      }),
    },
    { ...begun, method: 'GET', pattern: upload, success: 204 },
    {
      ...begun,
      method: 'PATCH',
      pattern: upload,
      success: 202,
      options: () => ({ body: NEW_BLOB.bytes }),
    },
    {
      ...begun,
      method: 'PUT',
      pattern: upload,
      success: 201,
      options: () => ({ query: { digest: NEW_BLOB.digest }, body: NEW_BLOB.bytes }),
    },
    { ...begun, method: 'DELETE', pattern: upload, success: 204 },
  ];
}

function withManifests(): Probe[] {
  const pattern = '/v2/<name>/manifests/<reference>';
  const byTag = {
    pattern,
    note: 'by tag',
    target: ({ repository }: ProbeScene) => repository.manifest('latest'),
  };
  const byDigest = {
    pattern,
    note: 'by digest',
    target: ({ repository, image }: ProbeScene) => repository.manifest(image.root.digest),
  };
  return [
    ...['GET', 'HEAD'].flatMap((method) =>
      [byTag, byDigest].map((form) => ({ ...form, method, needs: 'pull' as const, success: 200 })),
    ),
    {
      method: 'PUT',
      pattern,
      note: 'by tag',
      needs: 'push',
      success: 201,
      target: ({ repository }) => repository.manifest('pushed'),
      options: () => ({ headers: INDEX_TYPE, body: NEW_INDEX.bytes }),
    },
    {
      method: 'PUT',
      pattern,
      note: 'by digest',
      needs: 'push',
      success: 201,
      target: ({ repository }) => repository.manifest(NEW_INDEX.digest),
      options: () => ({ query: { tag: 'pushed' }, headers: INDEX_TYPE, body: NEW_INDEX.bytes }),
    },
    { ...byTag, method: 'DELETE', needs: 'delete', success: 202 },
    { ...byDigest, method: 'DELETE', needs: 'delete', success: 202 },
  ];
}

function withBlobs(): Probe[] {
  const pattern = '/v2/<name>/blobs/<digest>';
  const target = firstBlobPath;
  return [
    { method: 'GET', pattern, needs: 'pull', success: 200, target },
    {
      method: 'GET',
      pattern,
      note: 'in part',
      needs: 'pull',
      success: 206,
      target,
      options: () => ({ headers: { Range: 'bytes=0-9' } }),
    },
    { method: 'HEAD', pattern, needs: 'pull', success: 200, target },
    { method: 'DELETE', pattern, needs: 'delete', success: 202, target },
  ];
}

export const REGISTRY_PROBES: readonly Probe[] = [
  { method: 'GET', pattern: '/v2/', needs: 'any token', success: 200, target: () => '/v2/' },
  { method: 'HEAD', pattern: '/v2/', needs: 'any token', success: 200, target: () => '/v2/' },
  {
    method: 'GET',
    pattern: '/v2/_catalog',
    needs: 'catalog',
    success: 200,
    target: () => '/v2/_catalog',
  },
  {
    method: 'GET',
    pattern: '/v2/_oci/ext/discover',
    needs: 'any token',
    success: 200,
    target: () => '/v2/_oci/ext/discover',
  },
  {
    method: 'GET',
    pattern: '/v2/<name>/_oci/ext/discover',
    needs: 'pull',
    success: 200,
    target: ({ repository }) => `/v2/${repository.name}/_oci/ext/discover`,
  },
  {
    method: 'GET',
    pattern: '/v2/<name>/tags/list',
    needs: 'pull',
    success: 200,
    target: ({ repository }) => repository.tags,
  },
  {
    method: 'GET',
    pattern: '/v2/<name>/referrers/<digest>',
    needs: 'pull',
    success: 200,
    target: ({ repository, image }) => repository.referrers(image.root.digest),
  },
  ...withManifests(),
  ...withBlobs(),
  ...withUploads(),
];
