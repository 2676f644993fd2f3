// BuildKit: as containerd, with the namespace in the path and in `ns`, or inside an old dockerd with its
// mirrors. Tokens are fetched by the client of the build, with that person's login.
import { ANY_TYPES } from './accepted-types.ts';
import type { RequestShape } from './request-shape.ts';

const BUILDKITD: RequestShape = {
  name: 'buildkitd.toml',
  host: 'registry',
  namespaceInPath: 'after /v2',
  hasNs: true,
  manifestMethods: ['HEAD', 'GET'],
  challengedBy: 'manifest',
  scopes: 'upstream and challenge',
  login: 'by host',
  fallback: 'always',
  userAgent: 'buildkit/v0.12',
  accept: ANY_TYPES,
};

export const BUILDKIT_SHAPES: readonly RequestShape[] = [
  BUILDKITD,
  {
    ...BUILDKITD,
    name: 'inside dockerd',
    host: 'virtual host',
    namespaceInPath: 'no',
    only: 'docker.io',
  },
];
