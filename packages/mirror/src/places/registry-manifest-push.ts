// Putting a manifest and its tags into another registry (distribution-spec, "Pushing manifests"). All
// tags at once where the registry says that it can (`OCI-Tag`), else one PUT for each.
import { Digest, parseManifest, Tag } from '@portolan/oci';
import { fallbackTag } from '@portolan/storage';
import type { Answer } from '../client/answer.ts';
import { mirrorError } from '../errors.ts';
import type { FetchedManifest } from './place.ts';
import { addToFallbackTag } from './referrers-fallback.ts';
import { pushScopes, type RegistryPlace } from './registry-place.ts';

/** What every registry with `?tag=` must take. */
const TAGS_AT_ONCE = 10;

interface Push {
  readonly place: RegistryPlace;
  readonly manifest: FetchedManifest;
  readonly signal: AbortSignal;
}

interface Put {
  readonly tags: ReadonlySet<string>;
  /** Whether the registry keeps the list of referrers itself. */
  readonly knowsSubject: boolean;
}

function readPut({ place, manifest }: Push, answer: Answer): Put {
  answer.discard();
  const stated = answer.header('docker-content-digest');
  const isSame = stated === undefined || stated === manifest.digest;
  // By tag, a registry names the content in its own algorithm.
  const isOther = stated !== undefined && !stated.startsWith(Digest.algorithm(manifest.digest));
  if (!isSame && !isOther) {
    const name = `${place.host}/${place.path}@${manifest.digest}`;
    throw mirrorError('upstream-corrupt', `${name} was stored as something else`, { name });
  }
  const tags = (answer.header('oci-tag') ?? '').split(',').map((tag) => tag.trim());
  return { tags: new Set(tags), knowsSubject: answer.header('oci-subject') !== undefined };
}

function put(push: Push, reference: string): Promise<Put> {
  const { place, manifest, signal } = push;
  const request = {
    method: 'PUT',
    url: `/v2/${place.path}/manifests/${reference}`,
    scopes: pushScopes(place),
    headers: { 'content-type': manifest.mediaType },
    body: manifest.body,
    signal,
    what: 'manifest',
  } as const;
  return place.requester.ask(request, [200, 201, 202], (answer) => readPut(push, answer));
}

/** The tags that are still missing afterwards. */
async function putWithTags(push: Push, tags: readonly Tag[]): Promise<[Put, readonly Tag[]]> {
  const query = tags.map((tag) => `tag=${tag}`).join('&');
  const done = await put(push, `${push.manifest.digest}?${query}`);
  const missing = tags.filter((tag) => !done.tags.has(tag));
  if (missing.length === tags.length) push.place.learnt.hasNoTagParameter = true;
  return [done, missing];
}

async function putAll(push: Push, tags: readonly Tag[]): Promise<Put> {
  const { learnt } = push.place;
  // A PUT by tag would name sha512 content by its sha256.
  const needsDigest = Digest.algorithm(push.manifest.digest) !== 'sha256';
  let rest = tags;
  let last = needsDigest || tags.length === 0 ? await put(push, push.manifest.digest) : undefined;
  while (rest.length > (needsDigest ? 0 : 1) && learnt.hasNoTagParameter !== true) {
    const [done, missing] = await putWithTags(push, rest.slice(0, TAGS_AT_ONCE));
    last = done;
    rest = [...missing, ...rest.slice(TAGS_AT_ONCE)];
    if (missing.length > 0) break;
  }
  for (const tag of rest) last = await put(push, tag);
  return last ?? put(push, push.manifest.digest);
}

/** Where the registry does not say `OCI-Subject`, clients keep the list of referrers themselves. */
async function noteReferrer(push: Push): Promise<void> {
  const { place, manifest, signal } = push;
  const { subject, artifactType, annotations } = parseManifest(manifest.body, manifest.mediaType);
  if (subject === undefined) return;
  const entry = {
    mediaType: manifest.mediaType,
    digest: manifest.digest,
    size: manifest.body.length,
    annotations,
    ...(artifactType === undefined ? {} : { artifactType }),
  };
  const index = await addToFallbackTag(place, subject.digest, entry, signal);
  if (index === undefined) return;
  await put({ place, manifest: index, signal }, Tag.parse(fallbackTag(subject.digest)));
}

export async function putManifest(
  place: RegistryPlace,
  manifest: FetchedManifest,
  tags: readonly Tag[],
  signal: AbortSignal,
): Promise<void> {
  const push = { place, manifest, signal };
  const { knowsSubject } = await putAll(push, tags);
  if (!knowsSubject) await noteReferrer(push);
}
