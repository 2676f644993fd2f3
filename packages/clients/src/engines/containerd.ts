// containerd, ctr, nerdctl, and k3s on top of it: no ping, `ns` with every request, a token for its own
// scope and the challenge's together. CRI sends the pull secret of the upstream or nothing.
import { ANY_TYPES } from './accepted-types.ts';
import type { RequestShape } from './request-shape.ts';

const HOSTS_TOML = {
  name: 'hosts.toml',
  host: 'registry',
  namespaceInPath: 'no',
  hasNs: true,
  manifestMethods: ['HEAD', 'GET'],
  challengedBy: 'manifest',
  scopes: 'upstream and challenge',
  login: 'none',
  fallback: 'configured',
  userAgent: 'containerd/1.6.20',
  accept: ANY_TYPES,
} as const satisfies RequestShape;

export const CONTAINERD_SHAPES: readonly RequestShape[] = [
  HOSTS_TOML,
  { ...HOSTS_TOML, name: 'hosts.toml with a path', namespaceInPath: 'before /v2' },
  { ...HOSTS_TOML, name: 'hosts.toml with override_path', namespaceInPath: 'after /v2' },
];

export const K3S_SHAPES: readonly RequestShape[] = [
  { ...HOSTS_TOML, name: 'registries.yaml', login: 'by host' },
];

/** With the containerd image store. */
export const DOCKER_HOSTS_SHAPE: RequestShape = {
  ...HOSTS_TOML,
  since: 29,
  userAgent: 'docker/29.0.0',
};
