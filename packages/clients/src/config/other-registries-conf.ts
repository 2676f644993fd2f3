// Tables of `registries.conf` that decide in place of ours, seen in podman 4.3: one for a longer prefix in any
// file, and one for the same prefix in a file whose name comes later. In our own file all counts that others
// put there or an earlier run for another address left, but for what is replaced.
import type { UpstreamHost } from '@portolan/oci';
import { parse } from 'smol-toml';
import {
  type ConfigRequest,
  type FoundPlace,
  namedUpstreams,
  type Surroundings,
} from './client-config.ts';
import { mergeRegistries } from './registry-tables.ts';

type Table = Readonly<Record<string, unknown>>;

interface Own {
  readonly wanted: readonly UpstreamHost[];
  /** The path of our file. */
  readonly ours: string;
}

const MAIN = '/etc/containers/registries.conf';

function tablesIn(value: unknown): readonly Table[] {
  return Array.isArray(value)
    ? value.filter((one): one is Table => typeof one === 'object' && one !== null)
    : [];
}

/** Of a file that the engine reads; with one that it does not, it refuses to pull at all. */
function readTables(text: string): readonly Table[] {
  try {
    return tablesIn(parse(text)['registry']);
  } catch {
    return [];
  }
}

function textOf(table: Table, key: 'prefix' | 'location'): string {
  const value = table[key];
  return typeof value === 'string' ? value : '';
}

/** Where a table leads to that is not ours; undefined when all does. */
function placeElsewhere(table: Table, { registry }: ConfigRequest): string | undefined {
  const mirrors = tablesIn(table['mirror']).map((mirror) => textOf(mirror, 'location'));
  const own = textOf(table, 'location') || textOf(table, 'prefix');
  // What is blocked comes from its mirrors alone.
  const places = table['blocked'] === true ? mirrors : [...mirrors, own];
  return places.find((place) => place !== registry.host && !place.startsWith(`${registry.host}/`));
}

/** Whether a table with this prefix counts over one of ours. */
function decides(prefix: string, path: string, { wanted, ours }: Own): boolean {
  if (path === ours) return prefix !== '' && !wanted.some((host) => host === prefix);
  // The main file is read before all others.
  const isLater = path !== MAIN && path > ours;
  return wanted.some((host) => prefix.startsWith(`${host}/`) || (isLater && prefix === host));
}

function warningsOf(
  { path, text = '' }: FoundPlace,
  request: ConfigRequest,
  ours: string,
): readonly string[] {
  const own = { wanted: namedUpstreams(request), ours };
  // Ours as it will be.
  const counting = path === ours ? mergeRegistries(text, request, ours) : text;
  return readTables(counting).flatMap((table) => {
    const prefix = textOf(table, 'prefix') || textOf(table, 'location');
    if (!decides(prefix, path, own)) return [];
    const elsewhere = placeElsewhere(table, request);
    if (elsewhere === undefined) return [];
    return [`${prefix} is not fail-closed: ${path} leads to ${elsewhere}. Remove its table there.`];
  });
}

/** @param ours the path of our own file */
export function otherRegistriesConf(
  request: ConfigRequest,
  ours: string,
): Surroundings | undefined {
  if (request.fails === 'open') return undefined;
  return {
    patterns: [MAIN, `${MAIN}.d/*.conf`],
    judge: (found) => ({
      files: [],
      warnings: found.flatMap((place) => warningsOf(place, request, ours)),
    }),
  };
}
