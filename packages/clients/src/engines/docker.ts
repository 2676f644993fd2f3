// dockerd: pings, takes the challenge from the answer to that alone, and asks for the scope of the
// repository as it has its name, whatever the challenge says. A login for the mirror is not used.
import { ANY_TYPES } from './accepted-types.ts';
import { DOCKER_HOSTS_SHAPE } from './containerd.ts';
import type { RequestShape } from './request-shape.ts';

const DOCKERD = {
  host: 'virtual host',
  namespaceInPath: 'no',
  hasNs: false,
  manifestMethods: ['HEAD', 'GET'],
  challengedBy: 'ping',
  scopes: 'upstream',
  login: 'none',
  fallback: 'always',
  userAgent: 'docker/20.10.24',
  accept: ANY_TYPES,
} as const satisfies Omit<RequestShape, 'name'>;

export const DOCKER_SHAPES: readonly RequestShape[] = [
  { ...DOCKERD, name: 'registry-mirrors', before: 29, only: 'docker.io' },
  {
    ...DOCKERD,
    name: 'registry-mirrors with a path',
    since: 25,
    before: 29,
    only: 'docker.io',
    host: 'registry',
    namespaceInPath: 'before /v2',
    userAgent: 'docker/25.0.0',
  },
  DOCKER_HOSTS_SHAPE,
];

/** The image by its name in our registry: `registry.lan/docker.io/library/busybox`. */
export const FULL_NAME_SHAPES: readonly RequestShape[] = [
  {
    ...DOCKERD,
    name: 'full name',
    host: 'registry',
    namespaceInPath: 'after /v2',
    scopes: 'path',
    login: 'by host',
    fallback: 'never',
  },
];

/** Through CONNECT. */
export const PROXY_SHAPES: readonly RequestShape[] = [
  { ...DOCKERD, name: 'as the upstream itself', host: 'upstream', fallback: 'never' },
];
