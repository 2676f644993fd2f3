// The hosts of other registries, and where what they hold lies in ours. One registry has exactly one
// canonical host here, whatever of its names somebody typed.
import { RepositoryName } from '../repository-name.ts';
import { HostName } from './host-name.ts';

declare const brand: unique symbol;

/** Lower-case, default port dropped, `docker.io` for all of Docker Hub's names: `quay.io`, `host:5000`. */
export type UpstreamHost = string & { readonly [brand]: 'UpstreamHost' };

const DOCKER_HUB = 'docker.io' as UpstreamHost;

const DOCKER_HUB_NAMES: ReadonlySet<string> = new Set([
  DOCKER_HUB,
  'index.docker.io',
  'registry-1.docker.io',
  'registry.hub.docker.com',
]);
const IPV6 = /^\[[0-9a-f:.]{2,45}\]$/i;

/** Without a dot, a port or being localhost, the first part of a name is a path at Docker Hub. */
function isHostLike(text: string): boolean {
  return /[.:[]/.test(text) || text.toLowerCase() === 'localhost';
}

function splitPort(text: string): { name: string; port: number | undefined } | undefined {
  const [, host = '', digits] = /^(\[[^\]]*\]|[^:]*)(?::(\d{1,5}))?$/.exec(text) ?? [];
  const name = IPV6.test(host) ? host.toLowerCase() : HostName.find(host);
  const port = digits === undefined ? undefined : Number(digits);
  if (name === undefined) return undefined;
  if (port !== undefined && (port < 1 || port > 65_535)) return undefined;
  return { name, port };
}

/**
 * The canonical host, from any of its spellings.
 * `:443` is what no port means, and is dropped where the name stays a host without it; `:80` is
 * another server than that one.
 */
function find(text: string): UpstreamHost | undefined {
  const parts = splitPort(text);
  if (parts === undefined) return undefined;
  const { name, port } = parts;
  if (port !== undefined && (port !== 443 || !isHostLike(name))) {
    return `${name}:${port}` as UpstreamHost;
  }
  return DOCKER_HUB_NAMES.has(name) ? DOCKER_HUB : (name as UpstreamHost);
}

/**
 * The namespace here that holds what a registry holds. A colon is not allowed in a repository name:
 * `host:5000` is `host_5000`, which no host name can be.
 */
function namespaceOf(host: UpstreamHost): string {
  return host.replace(/:(\d+)$/, '_$1');
}

/** The host of such a namespace; undefined when the name is not that of a registry. */
function ofNamespace(namespace: string): UpstreamHost | undefined {
  const host = find(namespace.replace(/_(\d{1,5})$/, ':$1'));
  return host !== undefined && isHostLike(host) && namespaceOf(host) === namespace
    ? host
    : undefined;
}

/**
 * The one label that stands for it below our own name, as in `docker-io.registry.lan`: a wildcard
 * certificate covers no more. Undefined when it makes none; two hosts may share one (`a.b`, `a-b`).
 */
function labelOf(host: UpstreamHost): string | undefined {
  return HostName.find(host.replaceAll(/[.:]/g, '-'));
}

/** The path below `/v2/` at the registry itself; Docker Hub's official images are in `library`. */
function qualify(host: UpstreamHost, path: string): string {
  return host === DOCKER_HUB && path !== '' && !path.includes('/') ? `library/${path}` : path;
}

/**
 * Where a repository of that registry lies in ours: `docker.io` and `busybox` give
 * `docker.io/library/busybox`. Undefined when that cannot be a repository name.
 */
function repository(host: UpstreamHost, path: string): RepositoryName | undefined {
  return RepositoryName.find(`${namespaceOf(host)}/${qualify(host, path)}`);
}

/** The host that a whole path part or a query names, in its own form or in a namespace's: `host_5000`. */
function named(text: string): UpstreamHost | undefined {
  const host = find(text.replace(/_(\d{1,5})$/, ':$1'));
  return host !== undefined && isHostLike(host) ? host : undefined;
}

/**
 * A repository path as somebody gives it who has said already which registry is meant: a first part
 * that says so again, by whatever name, is dropped.
 */
function unprefixed(host: UpstreamHost, path: string): string {
  const slash = path.indexOf('/');
  return slash !== -1 && named(path.slice(0, slash)) === host ? path.slice(slash + 1) : path;
}

export const UpstreamHost = {
  DOCKER_HUB,
  find,
  isHostLike,
  labelOf,
  named,
  namespaceOf,
  ofNamespace,
  qualify,
  repository,
  unprefixed,
} as const;
