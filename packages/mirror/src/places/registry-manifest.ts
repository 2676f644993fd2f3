// Manifests of another registry (distribution-spec, "Pulling manifests"): the exact bytes, and never
// without having compared them with a digest.
import { createHash } from 'node:crypto';
import {
  Digest,
  DOCKER_MANIFEST,
  DOCKER_MANIFEST_LIST,
  DomainError,
  OCI_INDEX,
  OCI_MANIFEST,
  parseManifest,
  type Reference,
} from '@portolan/oci';
import type { Answer } from '../client/answer.ts';
import type { UpstreamRequest } from '../client/requester.ts';
import { mirrorError } from '../errors.ts';
import type { FetchedManifest, ManifestHead } from './place.ts';
import { pullScopes, type RegistryPlace } from './registry-place.ts';

export const ACCEPT = `${[OCI_INDEX, OCI_MANIFEST, DOCKER_MANIFEST_LIST, DOCKER_MANIFEST].join(', ')}, */*;q=0.5`;

/** Types that say nothing: the body decides. */
const VAGUE = /^(application\/(json|octet-stream)|text\/(plain|html))\s*(;|$)/i;
/** Some registries and proxies know no HEAD. */
const NO_HEAD = [400, 405, 501];

export function referenceText(reference: Reference): string {
  return reference.kind === 'tag' ? reference.tag : reference.digest;
}

function corrupt(place: RegistryPlace, reference: Reference, message: string, cause?: unknown) {
  const at = reference.kind === 'tag' ? ':' : '@';
  const name = `${place.host}/${place.path}${at}${referenceText(reference)}`;
  return mirrorError('upstream-corrupt', `${name}: ${message}`, { name }, cause);
}

function request(
  place: RegistryPlace,
  method: 'GET' | 'HEAD',
  reference: Reference,
  signal: AbortSignal,
): UpstreamRequest {
  return {
    method,
    url: `/v2/${place.path}/manifests/${referenceText(reference)}`,
    scopes: pullScopes(place),
    headers: { accept: ACCEPT },
    signal,
    what: 'manifest',
  };
}

function hash(body: Buffer, digest: Digest): Digest {
  const algorithm = Digest.algorithm(digest);
  return Digest.of(algorithm, createHash(algorithm).update(body).digest('hex'));
}

/** Compares the bytes with what was asked for and with what the registry says that they are. */
function verifiedDigest(
  place: RegistryPlace,
  reference: Reference,
  body: Buffer,
  header: string | undefined,
): Digest {
  const stated = header === undefined ? undefined : Digest.find(header);
  if (header !== undefined && stated === undefined) {
    throw corrupt(place, reference, 'the registry states no usable digest');
  }
  if (stated !== undefined && hash(body, stated) !== stated) {
    throw corrupt(place, reference, 'the manifest differs from the digest that is stated');
  }
  const asked = reference.kind === 'digest' ? reference.digest : undefined;
  if (asked !== undefined && hash(body, asked) !== asked) {
    throw corrupt(place, reference, 'the manifest differs from the digest that was asked for');
  }
  const sha256 = createHash('sha256').update(body).digest('hex');
  return asked ?? stated ?? Digest.of('sha256', sha256);
}

async function readManifest(
  place: RegistryPlace,
  reference: Reference,
  answer: Answer,
): Promise<FetchedManifest | undefined> {
  if (answer.status === 404) {
    answer.discard();
    return undefined;
  }
  const body = await answer.bytes(place.requester.limits.maxManifestBytes);
  const digest = verifiedDigest(place, reference, body, answer.header('docker-content-digest'));
  const contentType = answer.header('content-type');
  const stated = contentType === undefined || VAGUE.test(contentType) ? undefined : contentType;
  try {
    const { mediaType } = parseManifest(body, stated);
    return { digest, mediaType, body };
  } catch (cause) {
    if (!(cause instanceof DomainError)) throw cause;
    throw corrupt(place, reference, cause.message, cause);
  }
}

export function getManifest(
  place: RegistryPlace,
  reference: Reference,
  signal: AbortSignal,
): Promise<FetchedManifest | undefined> {
  return place.requester.ask(request(place, 'GET', reference, signal), [200, 404], (answer) =>
    readManifest(place, reference, answer),
  );
}

function headOf(answer: Answer, reference: Reference): ManifestHead | undefined {
  const digest = Digest.find(answer.header('docker-content-digest') ?? '');
  if (digest === undefined) return undefined;
  // Of another algorithm than the one asked for: it may be right, and only the bytes can tell.
  if (reference.kind === 'digest' && digest !== reference.digest) return undefined;
  const length = answer.header('content-length');
  const isSize = length !== undefined && /^[1-9]\d{0,15}$/.test(length);
  const mediaType = answer.header('content-type')?.split(';')[0]?.trim().toLowerCase();
  return { digest, mediaType, size: isSize ? Number(length) : undefined };
}

/** By HEAD, which costs no quota; where that does not tell the digest, by GET. */
export async function headManifest(
  place: RegistryPlace,
  reference: Reference,
  signal: AbortSignal,
): Promise<ManifestHead | undefined> {
  const accepted = [200, 404, ...NO_HEAD];
  const head = await place.requester.ask(
    request(place, 'HEAD', reference, signal),
    accepted,
    (answer) => {
      answer.discard();
      return answer.status === 404 ? 'absent' : headOf(answer, reference);
    },
  );
  if (head === 'absent') return undefined;
  if (head !== undefined) return head;
  const manifest = await getManifest(place, reference, signal);
  if (manifest === undefined) return undefined;
  const { digest, mediaType, body } = manifest;
  return { digest, mediaType, size: body.length };
}
