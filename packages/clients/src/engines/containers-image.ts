// podman, buildah, skopeo and CRI-O, which share a library: a ping first, GET alone, no `ns`, one scope,
// and the login for what is really asked, by the most specific path that has one.
import { MANIFEST_TYPES } from './accepted-types.ts';
import type { RequestShape } from './request-shape.ts';

const REGISTRIES_CONF: RequestShape = {
  name: 'registries.conf',
  host: 'registry',
  namespaceInPath: 'after /v2',
  hasNs: false,
  manifestMethods: ['GET'],
  challengedBy: 'ping',
  scopes: 'path',
  login: 'by repository',
  fallback: 'configured',
  userAgent: 'containers/5.23.1 (github.com/containers/image)',
  accept: MANIFEST_TYPES,
};

export const CONTAINERS_IMAGE_SHAPES: readonly RequestShape[] = [REGISTRIES_CONF];
