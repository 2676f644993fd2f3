// Every engine that can be asked about, and how it asks.
import type { EngineVersion } from '../engine-version.ts';
import { BUILDKIT_SHAPES } from './buildkit.ts';
import { CONTAINERD_SHAPES, K3S_SHAPES } from './containerd.ts';
import { CONTAINERS_IMAGE_SHAPES } from './containers-image.ts';
import { DOCKER_SHAPES, FULL_NAME_SHAPES, PROXY_SHAPES } from './docker.ts';
import type { RequestShape } from './request-shape.ts';

const SHAPES = {
  containerd: CONTAINERD_SHAPES,
  docker: DOCKER_SHAPES,
  podman: CONTAINERS_IMAGE_SHAPES,
  crio: CONTAINERS_IMAGE_SHAPES,
  buildkit: BUILDKIT_SHAPES,
  k3s: K3S_SHAPES,
  proxy: PROXY_SHAPES,
  any: FULL_NAME_SHAPES,
} as const satisfies Record<string, readonly RequestShape[]>;

export type CheckedEngine = keyof typeof SHAPES;

export const CHECKED_ENGINES = Object.keys(SHAPES) as readonly CheckedEngine[];

/**
 * The same for an image that is typed with our registry's own name, or one below it: whatever is
 * configured is for other names, so each asks for it as it is, with the login for it, and there is
 * nobody else to ask.
 */
export function ownNameShapes(shapes: readonly RequestShape[]): readonly RequestShape[] {
  const own = shapes.map(
    ({ since: _since, before: _before, only: _only, ...shape }): RequestShape => ({
      ...shape,
      name: 'full name',
      host: 'typed',
      namespaceInPath: 'no',
      hasNs: false,
      login: shape.login === 'by repository' ? shape.login : 'by host',
      fallback: 'never',
    }),
  );
  // Of those that differ in their configuration alone, one.
  return own.filter(
    ({ challengedBy }, index) =>
      own.findIndex((other) => other.challengedBy === challengedBy) === index,
  );
}

/** The shapes of an engine, of all its versions or of one. */
export function shapesOf(
  engine: CheckedEngine,
  version: EngineVersion | undefined,
): readonly RequestShape[] {
  if (version === undefined) return SHAPES[engine];
  const [major] = version;
  return SHAPES[engine].filter(
    ({ since = 0, before = Infinity }) => since <= major && major < before,
  );
}
