// A view named in the path, before `/v2`: `/docker.io/v2/library/busybox/…`, as dockerd 25 and containerd
// make it from a mirror's URL with a path.
import { UpstreamHost } from '@portolan/oci';

export interface ViewPath {
  readonly name: string;
  /** What is left, from `/v2` on. */
  readonly path: string;
}

const PREFIXED = /^\/([^/]+)(\/v2(?:\/.*)?)$/s;

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function isPlain(path: string): boolean {
  return path.startsWith('/v2') && (path.length === 3 || path[3] === '/');
}

/** Undefined when the path names no registry there. */
export function readViewPath(sent: string): ViewPath | undefined {
  if (isPlain(sent)) return undefined;
  const [, part = '', path = ''] = PREFIXED.exec(sent) ?? [];
  const name = decode(part);
  return UpstreamHost.named(name) === undefined ? undefined : { name, path };
}

/** Whether a request target is the registry's to answer, and not of whoever shares its listener. */
export function isRegistryTarget(target: string): boolean {
  const mark = target.indexOf('?');
  const path = mark === -1 ? target : target.slice(0, mark);
  return isPlain(path) || readViewPath(path) !== undefined;
}
