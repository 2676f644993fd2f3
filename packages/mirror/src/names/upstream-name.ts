// Names of images elsewhere, as people type them: `busybox`, `docker.io/library/busybox:musl`,
// `localhost:5000/a/b@sha256:…`. What is a host and what a path follows the reference grammar of the
// docker client (distribution/reference); one registry has exactly one canonical host here.
import { Digest, DomainError, Reference, RepositoryName, Tag, UpstreamHost } from '@portolan/oci';
import { mirrorError } from '../errors.ts';

export interface UpstreamRepository {
  /** Canonical: `docker.io` for all of Docker Hub's names, lower-case, default ports dropped. */
  readonly host: string;
  /** Below `/v2/`: `library/busybox`. */
  readonly path: RepositoryName;
}

export interface UpstreamImage extends UpstreamRepository {
  /** Undefined when neither tag nor digest was given; the digest when both were, as docker has it. */
  readonly reference: Reference | undefined;
}

const MAX_SHOWN = 256;

function invalid(text: string, message: string, hint: string): never {
  throw mirrorError('request-invalid', message, { name: text.slice(0, MAX_SHOWN), hint });
}

/**
 * A registry's canonical host, from any of its spellings.
 * @throws MirrorError `request-invalid`
 */
export function parseUpstreamHost(text: string): UpstreamHost {
  return (
    UpstreamHost.find(text) ??
    invalid(text, 'registry host is malformed', 'use a host such as quay.io or host:5000')
  );
}

function cut(text: string, at: number): [string, string | undefined] {
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

function parseReference(tag: string | undefined, digest: string | undefined) {
  // A tag beside a digest is ignored, but a name with a malformed one is malformed.
  const parsedTag = tag === undefined ? undefined : Tag.parse(tag);
  if (digest !== undefined) return { kind: 'digest', digest: Digest.parse(digest) } as const;
  return parsedTag === undefined ? undefined : ({ kind: 'tag', tag: parsedTag } as const);
}

/** @throws MirrorError `request-invalid` */
export function parseUpstreamName(text: string): UpstreamImage {
  if (text.includes('://')) {
    invalid(text, 'image name has a scheme', 'leave out everything up to ://');
  }
  const [named, digest] = cut(text, text.indexOf('@'));
  const colon = named.lastIndexOf(':');
  const [repository, tag] = cut(named, colon > named.lastIndexOf('/') ? colon : -1);
  const [first, rest] = cut(repository, repository.indexOf('/'));
  const hasHost = rest !== undefined && UpstreamHost.isHostLike(first);
  const host = hasHost ? parseUpstreamHost(first) : UpstreamHost.DOCKER_HUB;
  try {
    const path = RepositoryName.parse(UpstreamHost.qualify(host, hasHost ? rest : repository));
    return { host, path, reference: parseReference(tag, digest) };
  } catch (cause) {
    if (!(cause instanceof DomainError)) throw cause;
    const { hint } = cause.detail;
    return invalid(
      text,
      `image name is malformed: ${cause.message}`,
      typeof hint === 'string' ? hint : '',
    );
  }
}

/** The full name: `docker.io/library/busybox:musl`, `quay.io/a/b@sha256:…`. */
export function formatUpstreamName(image: UpstreamRepository & Partial<UpstreamImage>): string {
  const { host, path, reference } = image;
  if (reference === undefined) return `${host}/${path}`;
  return reference.kind === 'tag'
    ? `${host}/${path}:${reference.tag}`
    : `${host}/${path}@${reference.digest}`;
}

/**
 * Where an upstream repository lies in our registry unless a rule says otherwise.
 * @throws MirrorError `request-invalid`
 */
export function destinationOf(upstream: UpstreamRepository): RepositoryName {
  const { host, path } = upstream;
  const known = UpstreamHost.find(host);
  const name = known && UpstreamHost.repository(known, path);
  if (name !== undefined) return name;
  return invalid(
    `${host}/${path}`,
    'upstream name cannot be a repository name here',
    `name a destination of at most ${RepositoryName.MAX_LENGTH} characters`,
  );
}
