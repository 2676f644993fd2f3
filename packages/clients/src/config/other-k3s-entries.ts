// What stands in `registries.yaml` beside our mirrors and takes a registry away from a fail-closed node:
// k3s writes a directory of its own for every registry that is named there, and containerd takes that
// before what is for all.
//
// - a mirror that is not ours; only where all registries shall come from here
// - `configs` of a registry (a login, a certificate): k3s then keeps that registry itself as the last
//   endpoint, whatever the node is told of default endpoints
import { parse } from 'yaml';
import type { ConfigRequest, Surroundings } from './client-config.ts';

type Entries = Readonly<Record<string, unknown>>;

function isEntries(value: unknown): value is Entries {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Of a file that k3s reads; one that it does not is refused where it is merged. */
function readEntries(text: string, key: 'mirrors' | 'configs'): readonly [string, unknown][] {
  try {
    const settings: unknown = parse(text);
    const entries = isEntries(settings) ? settings[key] : undefined;
    return isEntries(entries) ? Object.entries(entries) : [];
  } catch {
    return [];
  }
}

/** The endpoints that are not ours, as one says them; undefined when all are. */
function endpointsElsewhere(mirror: unknown, { registry }: ConfigRequest): string | undefined {
  const listed = isEntries(mirror) ? mirror['endpoint'] : undefined;
  const endpoints: readonly unknown[] = Array.isArray(listed) ? listed : [];
  if (endpoints.length === 0) return 'no endpoint';
  const others = endpoints.filter((url) => URL.parse(String(url))?.host !== registry.host);
  return others.length === 0 ? undefined : others.map(String).join(', ');
}

function mirrorWarnings(text: string, request: ConfigRequest, file: string): readonly string[] {
  if (request.upstreams !== undefined) return [];
  return readEntries(text, 'mirrors').flatMap(([host, mirror]) => {
    const elsewhere = host === '*' ? undefined : endpointsElsewhere(mirror, request);
    return elsewhere === undefined
      ? []
      : [
          `${host} is not fail-closed: its mirror in ${file} has ${elsewhere}. Replace it with --ns ${host}, or remove it.`,
        ];
  });
}

function configWarnings(text: string, request: ConfigRequest, file: string): readonly string[] {
  const { upstreams, registry } = request;
  const wanted = upstreams === undefined ? undefined : new Set<string>(upstreams);
  return readEntries(text, 'configs')
    .filter(([host, config]) => host !== '*' && host !== registry.host && isEntries(config))
    .filter(([host]) => wanted === undefined || wanted.has(host))
    .map(
      ([host]) =>
        `${host} is not fail-closed: with its entry under configs in ${file}, k3s asks it in the end. Remove that entry.`,
    );
}

export function otherK3sEntries(request: ConfigRequest, file: string): Surroundings {
  return {
    patterns: [file],
    judge: (found) => ({
      files: [],
      warnings: found.flatMap(({ text = '' }) => [
        ...mirrorWarnings(text, request, file),
        ...configWarnings(text, request, file),
      ]),
    }),
  };
}
