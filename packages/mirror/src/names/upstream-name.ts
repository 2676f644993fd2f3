// Names of images elsewhere, as people type them: `busybox`, `docker.io/library/busybox:musl`,
// `localhost:5000/a/b@sha256:…`. What is a host and what a path follows the reference grammar of the
// docker client (distribution/reference); one registry has exactly one canonical host here.
import { Digest, DomainError, Reference, RepositoryName, Tag } from '@portolan/oci';
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

export const DOCKER_HUB = 'docker.io';

const DOCKER_HUB_NAMES: ReadonlySet<string> = new Set([
  DOCKER_HUB,
  'index.docker.io',
  'registry-1.docker.io',
  'registry.hub.docker.com',
]);
const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const HOST = new RegExp(String.raw`^(?:${LABEL}(?:\.${LABEL})*|\[[0-9a-f:.]{2,45}\])$`);
const MAX_HOST_LENGTH = 253;
const MAX_SHOWN = 256;

function invalid(text: string, message: string, hint: string): never {
  throw mirrorError('request-invalid', message, { name: text.slice(0, MAX_SHOWN), hint });
}

/** Without a dot, a port or being localhost, the first part of a name is a path at Docker Hub. */
function looksLikeHost(text: string): boolean {
  return /[.:[]/.test(text) || text.toLowerCase() === 'localhost';
}

function splitPort(text: string): { name: string; port: number | undefined } | undefined {
  const [, name = '', digits] = /^(\[[^\]]*\]|[^:]*)(?::(\d{1,5}))?$/.exec(text) ?? [];
  const port = digits === undefined ? undefined : Number(digits);
  if (!HOST.test(name) || name.length > MAX_HOST_LENGTH) return undefined;
  if (port !== undefined && (port < 1 || port > 65_535)) return undefined;
  return { name, port };
}

/**
 * A registry's canonical host, from any of its spellings.
 * `:443` is what no port means, and is dropped where the name stays a host without it; `:80` is
 * another server than that one.
 * @throws MirrorError `request-invalid`
 */
export function parseUpstreamHost(text: string): string {
  const parts = splitPort(text.toLowerCase());
  if (parts === undefined) {
    return invalid(text, 'registry host is malformed', 'use a host such as quay.io or host:5000');
  }
  const { name, port } = parts;
  if (port !== undefined && (port !== 443 || !looksLikeHost(name))) return `${name}:${port}`;
  return DOCKER_HUB_NAMES.has(name) ? DOCKER_HUB : name;
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

function parsePath(host: string, path: string): RepositoryName {
  const isOfficial = host === DOCKER_HUB && !path.includes('/');
  return RepositoryName.parse(isOfficial && path !== '' ? `library/${path}` : path);
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
  const hasHost = rest !== undefined && looksLikeHost(first);
  const host = hasHost ? parseUpstreamHost(first) : DOCKER_HUB;
  try {
    const path = parsePath(host, hasHost ? rest : repository);
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
 * Where an upstream repository lies in our registry unless a rule says otherwise. A colon is not
 * allowed in a repository name: `host:5000/a` is `host_5000/a`, which no host name can be.
 * @throws MirrorError `request-invalid`
 */
export function destinationOf(upstream: UpstreamRepository): RepositoryName {
  const { host, path } = upstream;
  const name = RepositoryName.find(`${host.replace(/:(\d+)$/, '_$1')}/${path}`);
  if (name !== undefined) return name;
  return invalid(
    `${host}/${path}`,
    'upstream name cannot be a repository name here',
    `name a destination of at most ${RepositoryName.MAX_LENGTH} characters`,
  );
}
