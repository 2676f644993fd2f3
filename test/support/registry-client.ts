// Pushes and pulls over the wire in each of the ways that clients do (distribution-spec, "Push"), for
// tests that have to know exactly what was acknowledged. A failed connection throws as fetch does.
import { type Content, digestOf, type Image } from './image.ts';

export const UPLOAD_STYLES = ['single-post', 'post-put', 'streamed', 'chunked', 'mount'] as const;
export type UploadStyle = (typeof UPLOAD_STYLES)[number];

export interface SendOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | ReadableStream<Uint8Array>;
}

/** An answer that the caller did not expect. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
  readonly status: number;
  readonly body: string;

  constructor(request: string, status: number, body: string) {
    super(`${request}: ${status} ${body.slice(0, 500)}`);
    this.status = status;
    this.body = body;
  }
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Buffer;
}

export interface RegistryClient {
  send(method: string, path: string, options?: SendOptions): Promise<Answer>;
  /** @throws RefusedError when the status is not one of `expected` */
  expect(
    expected: readonly number[],
    method: string,
    path: string,
    options?: SendOptions,
  ): Promise<Answer>;
}

export function createRegistryClient(url: string, token: string): RegistryClient {
  const send: RegistryClient['send'] = async (method, path, { headers, body } = {}) => {
    const answer = await fetch(new URL(path, url), {
      method,
      headers: { Authorization: `Bearer ${token}`, ...headers },
      ...(body === undefined ? {} : { body: body instanceof Buffer ? new Uint8Array(body) : body }),
      ...(body instanceof ReadableStream ? { duplex: 'half' as const } : {}),
    });
    const bytes = Buffer.from(await answer.arrayBuffer());
    return { status: answer.status, headers: answer.headers, bytes };
  };
  return registryClientOver(send);
}

/** For tests whose requests do not go by `fetch`. */
export function registryClientOver(send: RegistryClient['send']): RegistryClient {
  return {
    send,
    async expect(expected, method, path, options) {
      const answer = await send(method, path, options);
      if (expected.includes(answer.status)) return answer;
      throw new RefusedError(`${method} ${path}`, answer.status, answer.bytes.toString());
    },
  };
}

function locationOf(answer: Answer): string {
  const location = answer.headers.get('location');
  if (location === null) throw new Error('no Location');
  return location;
}

function withDigest(location: string, digest: string): string {
  return `${location}${location.includes('?') ? '&' : '?'}digest=${digest}`;
}

function slices(bytes: Buffer, count: number): Buffer[] {
  const size = Math.ceil(bytes.length / count);
  return Array.from({ length: count }, (_, i) => bytes.subarray(i * size, (i + 1) * size));
}

async function patchChunks(client: RegistryClient, at: string, bytes: Buffer): Promise<string> {
  let location = at;
  let start = 0;
  for (const body of slices(bytes, 3).filter((slice) => slice.length > 0)) {
    const range = `${start}-${start + body.length - 1}`;
    const headers = { 'Content-Type': 'application/octet-stream', 'Content-Range': range };
    location = locationOf(await client.expect([202], 'PATCH', location, { headers, body }));
    start += body.length;
  }
  return location;
}

async function patchStream(client: RegistryClient, at: string, bytes: Buffer): Promise<string> {
  const body = ReadableStream.from<Uint8Array>(slices(bytes, 4));
  const headers = { 'Content-Type': 'application/octet-stream' };
  return locationOf(await client.expect([202], 'PATCH', at, { headers, body }));
}

export interface BlobPush {
  readonly repository: string;
  readonly blob: Content;
  readonly style: UploadStyle;
  /** For `mount`; when it cannot be mounted, the bytes follow in the session that was opened. */
  readonly from?: string;
}

/** Returns when the blob is acknowledged. */
export async function pushBlob(client: RegistryClient, push: BlobPush): Promise<void> {
  const { repository, blob, style, from } = push;
  const uploads = `/v2/${repository}/blobs/uploads/`;
  const octets = { 'Content-Type': 'application/octet-stream' };
  if (style === 'single-post') {
    const path = `${uploads}?digest=${blob.digest}`;
    const answer = await client.send('POST', path, { headers: octets, body: blob.bytes });
    if (answer.status === 201) return;
    throw new RefusedError(`POST ${path}`, answer.status, answer.bytes.toString());
  }
  const query = style === 'mount' && from !== undefined ? `?mount=${blob.digest}&from=${from}` : '';
  const begun = await client.expect(query === '' ? [202] : [201, 202], 'POST', uploads + query);
  if (begun.status === 201) return;
  let location = locationOf(begun);
  if (style === 'chunked') location = await patchChunks(client, location, blob.bytes);
  if (style === 'streamed') location = await patchStream(client, location, blob.bytes);
  const hasBytes = style === 'chunked' || style === 'streamed';
  const rest = hasBytes ? {} : { headers: octets, body: blob.bytes };
  await client.expect([201], 'PUT', withDigest(location, blob.digest), rest);
}

/** By tag, or, where there is none or its algorithm is not the default one, by digest. */
export async function putManifest(
  client: RegistryClient,
  repository: string,
  manifest: Content,
  tag?: string,
): Promise<Answer> {
  const isDefault = manifest.digest.startsWith('sha256:');
  const query = tag === undefined || isDefault ? '' : `?tag=${tag}`;
  const reference = tag !== undefined && isDefault ? tag : manifest.digest;
  const headers = { 'Content-Type': manifest.mediaType };
  const path = `/v2/${repository}/manifests/${reference}${query}`;
  return client.send('PUT', path, { headers, body: manifest.bytes });
}

/** Pushes everything, the root under the tag. */
export async function pushImage(
  client: RegistryClient,
  repository: string,
  image: Image,
  tag: string,
): Promise<void> {
  for (const blob of image.blobs) await pushBlob(client, { repository, blob, style: 'post-put' });
  for (const manifest of image.manifests) {
    const isRoot = manifest.digest === image.root.digest;
    const answer = await putManifest(client, repository, manifest, isRoot ? tag : undefined);
    if (answer.status !== 201) {
      throw new RefusedError(`PUT ${manifest.digest}`, answer.status, answer.bytes.toString());
    }
  }
}

export async function pullBlob(
  client: RegistryClient,
  repository: string,
  digest: string,
): Promise<Buffer> {
  const { bytes } = await client.expect([200], 'GET', `/v2/${repository}/blobs/${digest}`);
  verifyDigest(bytes, digest);
  return bytes;
}

export function verifyDigest(bytes: Uint8Array, digest: string): void {
  const actual = digestOf(bytes, digest.startsWith('sha512:') ? 'sha512' : 'sha256');
  if (actual !== digest) throw new Error(`the bytes of ${digest} hash to ${actual}`);
}

interface ManifestJson {
  readonly config?: { readonly digest: string };
  readonly layers?: readonly { readonly digest: string }[];
  readonly manifests?: readonly { readonly digest: string }[];
}

/** Pulls a manifest and all that it refers to, and hashes every byte. Returns its digest. */
export async function pullAll(
  client: RegistryClient,
  repository: string,
  reference: string,
): Promise<string> {
  const path = `/v2/${repository}/manifests/${reference}`;
  const { bytes, headers } = await client.expect([200], 'GET', path);
  const digest = headers.get('docker-content-digest') ?? '';
  verifyDigest(bytes, digest);
  const { config, layers = [], manifests = [] } = JSON.parse(bytes.toString()) as ManifestJson;
  for (const child of manifests) await pullAll(client, repository, child.digest);
  const blobs = config === undefined ? layers : [config, ...layers];
  for (const blob of blobs) await pullBlob(client, repository, blob.digest);
  return digest;
}
