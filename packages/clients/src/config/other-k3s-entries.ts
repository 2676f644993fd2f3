// What others wrote that takes a registry away from a fail-closed node. In `registries.yaml`, beside our
// mirrors: k3s writes a directory of its own for every registry that is named there, and containerd takes
// that before what is for all. And in `config.yaml.d` whatever comes after our file.
//
// - a mirror that is not ours; only where all registries shall come from here
// - `configs` of a registry (a login, a certificate): k3s then keeps that registry itself as the last
//   endpoint, whatever the node is told of default endpoints
// - the option of default endpoints: of the files by their names, the last that has it decides
import { parse } from 'yaml';
import type { ConfigRequest, FoundPlace, Surroundings } from './client-config.ts';

type Entries = Readonly<Record<string, unknown>>;

function isEntries(value: unknown): value is Entries {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** None of a file that k3s would not start with. */
function readSettings(text: string): Entries {
  try {
    // For k3s `no` and `off` are booleans.
    const settings: unknown = parse(text, { version: '1.1' });
    return isEntries(settings) ? settings : {};
  } catch {
    return {};
  }
}

function readEntries(text: string, key: 'mirrors' | 'configs'): readonly [string, unknown][] {
  const entries = readSettings(text)[key];
  return isEntries(entries) ? Object.entries(entries) : [];
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

/** Ours is written anew, so those before it do not count. */
function optionWarnings(found: readonly FoundPlace[], node: NodeOption): readonly string[] {
  const last = found
    .filter(({ path }) => path > node.file && /\.ya?ml$/i.test(path))
    .toSorted((one, other) => (one.path < other.path ? -1 : 1))
    .map(({ path, text = '' }) => ({ path, value: readSettings(text)[node.option] }))
    .findLast(({ value }) => value !== undefined);
  // As a flag it may be quoted.
  return last === undefined || !/^(?:0|f|false)$/i.test(String(last.value))
    ? []
    : [
        `this node is not fail-closed: ${last.path} comes after ${node.file} and sets ${node.option} to false. Remove it there.`,
      ];
}

/** What turns default endpoints off, and our file that has it. */
export interface NodeOption {
  readonly file: string;
  readonly option: string;
}

export function otherK3sEntries(
  request: ConfigRequest,
  file: string,
  node: NodeOption,
): Surroundings {
  return {
    patterns: [file, node.file.replace(/[^/]*$/, '*')],
    judge(found) {
      const texts = found.flatMap(({ path, text = '' }) => (path === file ? [text] : []));
      return {
        files: [],
        warnings: [
          ...texts.flatMap((text) => [
            ...mirrorWarnings(text, request, file),
            ...configWarnings(text, request, file),
          ]),
          ...optionWarnings(
            found.filter(({ path }) => path !== file),
            node,
          ),
        ],
      };
    },
  };
}
