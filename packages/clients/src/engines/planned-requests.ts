// The requests that a shape makes for one image, with everything that the server decides by; nothing is
// sent here. Without credentials: those are added by whoever sends.
import { type Reference, RepositoryName, UpstreamHost } from '@portolan/oci';
import { isRegistryItself, type RegistryAddress, virtualHostOf } from '../registry-address.ts';
import type { RequestShape } from './request-shape.ts';

export interface WantedImage {
  readonly host: UpstreamHost;
  /** As the upstream has it: `library/busybox`. */
  readonly path: RepositoryName;
  readonly reference: Reference;
}

export interface PlannedRequest {
  readonly method: 'GET' | 'HEAD';
  /** With the host that the engine believes to talk to; the connection goes to ours, or its proxy. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What a login is looked up by. */
export interface LoginPlace {
  /** `host[:port]`, as the engine has it. */
  readonly host: string;
  /** Undefined where the host alone decides. */
  readonly repository: RepositoryName | undefined;
}

export interface PlannedRequests {
  readonly ping: PlannedRequest | undefined;
  readonly manifest: readonly PlannedRequest[];
  /** The scope that the engine makes up by itself. */
  readonly ownScope: string;
  /** Whether it asks for the scope of the challenge too. */
  readonly takesChallengedScope: boolean;
  /** Undefined when no login of ours goes along. */
  readonly login: LoginPlace | undefined;
}

/** Why a shape cannot be used for an image at all. */
export interface Unusable {
  readonly reason: string;
}

function referenceText(reference: Reference): string {
  return reference.kind === 'tag' ? reference.tag : reference.digest;
}

/** Docker Hub's name is not where it answers. */
function upstreamAddress(host: UpstreamHost): string {
  return host === UpstreamHost.DOCKER_HUB ? 'registry-1.docker.io' : host;
}

function hostOf(
  shape: RequestShape,
  registry: RegistryAddress,
  image: WantedImage,
): string | Unusable {
  if (shape.only !== undefined && shape.only !== image.host) {
    return { reason: `only for ${shape.only}: use \`portolan client config proxy\`` };
  }
  if (shape.host === 'registry') return registry.host;
  if (shape.host === 'upstream') return upstreamAddress(image.host);
  // With its own name's port as it is configured, default or not.
  if (shape.host === 'typed') {
    return isRegistryItself(registry, image.host) ? registry.host : image.host;
  }
  const virtual = virtualHostOf(registry, image.host);
  return virtual ?? { reason: `${registry.host} can have no name below it` };
}

function loginPlace({ login }: RequestShape, host: string, inPath: string): LoginPlace | undefined {
  if (login === 'none') return undefined;
  return { host, repository: login === 'by host' ? undefined : RepositoryName.find(inPath) };
}

export function planRequests(
  shape: RequestShape,
  registry: RegistryAddress,
  image: WantedImage,
): PlannedRequests | Unusable {
  const host = hostOf(shape, registry, image);
  if (typeof host !== 'string') return host;
  const { namespaceInPath } = shape;
  const namespace = UpstreamHost.namespaceOf(image.host);
  const before = namespaceInPath === 'before /v2' ? `/${namespace}` : '';
  // Who believes to talk to the upstream does so by TLS, whatever ours speaks.
  const isPlain = registry.isPlain && shape.host !== 'upstream';
  const base = `${isPlain ? 'http' : 'https'}://${host}${before}/v2/`;
  const inPath = namespaceInPath === 'after /v2' ? `${namespace}/${image.path}` : image.path;
  const query = shape.hasNs ? `?ns=${encodeURIComponent(image.host)}` : '';
  const url = `${base}${inPath}/manifests/${referenceText(image.reference)}${query}`;
  const common = { 'user-agent': shape.userAgent, 'accept-encoding': 'gzip' };
  const headers = { ...common, accept: shape.accept.join(', ') };
  const scoped = shape.scopes === 'path' ? inPath : image.path;
  return {
    ping: shape.challengedBy === 'ping' ? { method: 'GET', url: base, headers: common } : undefined,
    manifest: shape.manifestMethods.map((method) => ({ method, url, headers })),
    ownScope: `repository:${scoped}:pull`,
    takesChallengedScope: shape.scopes === 'upstream and challenge',
    login: loginPlace(shape, host, inPath),
  };
}
