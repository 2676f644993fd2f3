// Content to push, and pushing it.
import { createHash } from 'node:crypto';
import { Digest, OCI_INDEX, OCI_MANIFEST } from '@portolan/oci';
import type { Answer } from './http-request.ts';
import type { TestRegistry } from './start-registry.ts';

export function digestOf(bytes: Uint8Array | string, algorithm: 'sha256' | 'sha512' = 'sha256') {
  return Digest.of(algorithm, createHash(algorithm).update(bytes).digest('hex'));
}

export function errorCode(answer: Answer): string | undefined {
  const body: unknown = JSON.parse(answer.body.toString());
  return (body as { errors: { code: string }[] }).errors[0]?.code;
}

export async function pushBlob(
  registry: TestRegistry,
  name: string,
  bytes: Buffer,
): Promise<string> {
  const digest = digestOf(bytes);
  const answer = await registry.request(`/v2/${name}/blobs/uploads/?digest=${digest}`, {
    method: 'POST',
    headers: await registry.headersFor(name),
    body: bytes,
  });
  if (answer.status !== 201)
    throw new Error(`push of a blob: ${answer.status} ${String(answer.body)}`);
  return digest;
}

export const EMPTY_CONFIG = Buffer.from('{}');

/** A manifest whose config is `{}`; `extra` goes into it. */
export function artifact(extra: object = {}): Buffer {
  const config = {
    mediaType: 'application/vnd.oci.empty.v1+json',
    digest: digestOf(EMPTY_CONFIG),
    size: 2,
  };
  return Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: [], ...extra }),
  );
}

export function index(extra: object = {}): Buffer {
  return Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [], ...extra }),
  );
}

export async function pushManifest(
  registry: TestRegistry,
  name: string,
  reference: string,
  body: Buffer,
): Promise<Answer> {
  const { mediaType } = JSON.parse(body.toString()) as { mediaType: string };
  const headers = await registry.headersFor(name);
  return registry.request(`/v2/${name}/manifests/${reference}`, {
    method: 'PUT',
    headers: { ...headers, 'content-type': mediaType },
    body,
  });
}

/** An artifact with its config, under a tag; returns its digest. */
export async function pushArtifact(
  registry: TestRegistry,
  name: string,
  tag: string,
  extra: object = {},
): Promise<string> {
  await pushBlob(registry, name, EMPTY_CONFIG);
  const body = artifact(extra);
  const answer = await pushManifest(registry, name, tag, body);
  if (answer.status !== 201)
    throw new Error(`push of a manifest: ${answer.status} ${String(answer.body)}`);
  return digestOf(body);
}
