// What refers to a manifest (distribution-spec, "Listing Referrers"): the API, or, where a registry has
// none, the index that clients keep under a tag made from the subject's digest.
import { type Descriptor, type Digest, DomainError, parseManifest, Tag } from '@portolan/oci';
import { fallbackTag } from '@portolan/storage';
import type { Answer } from '../client/answer.ts';
import { mirrorError } from '../errors.ts';
import { nextPage } from './link-header.ts';
import type { SourceRepository } from './place.ts';
import { getManifest } from './registry-manifest.ts';
import { pullScopes, type RegistryPlace } from './registry-place.ts';

interface Page {
  readonly descriptors: readonly Descriptor[];
  readonly next: string | undefined;
}

/** How registries without the API answer; those with it answer an unknown subject with 200. */
const NO_API = [400, 404, 405, 406, 501];
const JSON_TYPE = /^application\/([a-z0-9.+-]+\+)?json\b/i;

function corrupt(place: RegistryPlace, subject: Digest, message: string, cause?: unknown) {
  const name = `${place.host}/${place.path}@${subject}`;
  return mirrorError('upstream-corrupt', `referrers of ${name}: ${message}`, { name }, cause);
}

function parseIndex(place: RegistryPlace, subject: Digest, body: Buffer): readonly Descriptor[] {
  try {
    const { isIndex, references } = parseManifest(body, undefined);
    if (isIndex) return references.map(({ descriptor }) => descriptor);
  } catch (cause) {
    if (!(cause instanceof DomainError)) throw cause;
    throw corrupt(place, subject, cause.message, cause);
  }
  throw corrupt(place, subject, 'the answer is not an index');
}

/** Undefined where there is no such API. */
async function readPage(
  place: RegistryPlace,
  subject: Digest,
  answer: Answer,
  signal: AbortSignal,
): Promise<Page | undefined> {
  // A registry's front page, answered for whatever it does not know.
  const isJson = JSON_TYPE.test(answer.header('content-type') ?? '');
  if (answer.status !== 200 || !isJson) {
    answer.discard();
    return undefined;
  }
  const body = await answer.bytes(place.requester.limits.maxManifestBytes);
  const descriptors = parseIndex(place, subject, body);
  return { descriptors, next: nextPage(answer, place.hosts, await place.requester.base(signal)) };
}

async function listByApi(
  place: RegistryPlace,
  subject: Digest,
  signal: AbortSignal,
  onRequest: () => void,
): Promise<readonly Descriptor[] | undefined> {
  const { requester } = place;
  const { maxPages, maxReferrers } = requester.limits;
  const found = new Map<Digest, Descriptor>();
  let query = '';
  for (let pages = 1; ; pages++) {
    const url = `/v2/${place.path}/referrers/${subject}${query}`;
    const scopes = pullScopes(place);
    const request = { method: 'GET', url, scopes, signal, what: 'referrers' } as const;
    onRequest();
    const page = await requester.ask(request, [200, ...NO_API], (answer) =>
      readPage(place, subject, answer, signal),
    );
    if (page === undefined) return undefined;
    const before = found.size;
    for (const descriptor of page.descriptors) found.set(descriptor.digest, descriptor);
    if (page.next === undefined) return [...found.values()];
    if (pages >= maxPages || found.size > maxReferrers || found.size === before) {
      throw corrupt(place, subject, 'the list does not end');
    }
    query = page.next;
  }
}

/** The index under the fallback tag; undefined when there is none. */
export async function listByFallbackTag(
  place: RegistryPlace,
  subject: Digest,
  signal: AbortSignal,
): Promise<readonly Descriptor[] | undefined> {
  const tag = Tag.parse(fallbackTag(subject));
  const manifest = await getManifest(place, { kind: 'tag', tag }, signal);
  return manifest === undefined ? undefined : parseIndex(place, subject, manifest.body);
}

/** As `SourceRepository.referrers`. */
export async function listReferrers(
  place: RegistryPlace,
  ...[subject, signal, tags, onRequest = () => undefined]: Parameters<SourceRepository['referrers']>
): Promise<readonly Descriptor[]> {
  if (place.learnt.hasNoReferrersApi !== true) {
    const descriptors = await listByApi(place, subject, signal, onRequest);
    if (descriptors !== undefined) return descriptors;
    place.learnt.hasNoReferrersApi = true;
  }
  if (tags?.has(fallbackTag(subject)) === false) return [];
  onRequest();
  return (await listByFallbackTag(place, subject, signal)) ?? [];
}
