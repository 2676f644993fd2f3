// The `[[registry]]` tables of our file of `registries.conf.d`. Fail-closed renames a registry to a namespace
// of ours; fail-open puts ours before it. Nothing but such tables: a global key after one would silently
// become a part of it.
//
// A run for other registries leaves those of earlier ones, in the mode of this run. What a person put into
// the file stays as it is, but for tables of the registries that are wanted now.
import { UpstreamHost } from '@portolan/oci';
import { parse, type TomlTable } from 'smol-toml';
import { refuse } from '../client-error.ts';
import { type ConfigRequest, namedUpstreams } from './client-config.ts';
import { tomlString } from './toml.ts';

function registryTable({ registry, fails }: ConfigRequest, upstream: UpstreamHost): string {
  const ours = [
    `location = ${tomlString(`${registry.host}/${UpstreamHost.namespaceOf(upstream)}`)}`,
    ...(registry.isPlain ? ['insecure = true'] : []),
  ];
  const lines = ['[[registry]]', `prefix = ${tomlString(upstream)}`];
  if (fails === 'open') {
    lines.push(`location = ${tomlString(upstream)}`, '[[registry.mirror]]', ...ours);
  } else lines.push(...ours);
  return lines.join('\n');
}

/** The file in pieces: what is before the first table, and each table with what is below it. */
function piecesOf(text: string): readonly string[] {
  return text.split(/^(?=[ \t]*\[(?!\[?[ \t]*registry[ \t]*\.))/m);
}

/** Undefined for a piece that is no whole TOML. */
function readPiece(piece: string): TomlTable | undefined {
  try {
    return parse(piece);
  } catch {
    return undefined;
  }
}

function isTable(value: unknown): value is TomlTable {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The registry of a piece that is one table and nothing else. */
function upstreamOf(piece: string): UpstreamHost | undefined {
  const { registry, ...more } = readPiece(piece) ?? {};
  if (!Array.isArray(registry) || registry.length !== 1) return undefined;
  if (Object.keys(more).length > 0) return undefined;
  const [table] = registry;
  if (!isTable(table)) return undefined;
  const { location, prefix = location } = table;
  // Only as the engine knows it: it takes another spelling for another prefix.
  const host = typeof prefix === 'string' ? UpstreamHost.find(prefix) : undefined;
  return host === prefix ? host : undefined;
}

function isSame(piece: string, table: string): boolean {
  return JSON.stringify(readPiece(piece)) === JSON.stringify(parse(table));
}

/** In either mode, and with or without TLS. */
function isOurs(piece: string, request: ConfigRequest, upstream: UpstreamHost): boolean {
  return (['open', 'closed'] as const).some((fails) =>
    [true, false].some((isPlain) => {
      const registry = { ...request.registry, isPlain };
      return isSame(piece, registryTable({ ...request, registry, fails }, upstream));
    }),
  );
}

/** Blank lines and comments at the end of a piece are about what comes next. */
function endOf(piece: string): string {
  const lines = piece.split('\n');
  const last = lines.findLastIndex((line) => !/^\s*(?:#.*)?$/.test(line));
  const end = lines.slice(last + 1);
  return end.length === 0 ? '\n' : `\n${end.join('\n')}`;
}

function mergePiece(piece: string, request: ConfigRequest): string {
  const upstream = upstreamOf(piece);
  if (upstream === undefined) return piece;
  const isWanted = namedUpstreams(request).includes(upstream);
  if (!isWanted && !isOurs(piece, request, upstream)) return piece;
  const table = registryTable(request, upstream);
  return isSame(piece, table) ? piece : table + endOf(piece);
}

/** @throws DomainError `request-invalid` for a file that cannot be read */
export function mergeRegistries(existing: string, request: ConfigRequest, file: string): string {
  if (readPiece(existing) === undefined) {
    refuse(`${file} is no TOML`, 'no image is pulled with it: correct it, or remove it');
  }
  const pieces = piecesOf(existing);
  const there = new Set(pieces.map(upstreamOf));
  const missing = namedUpstreams(request).filter((upstream) => !there.has(upstream));
  const kept = pieces.map((piece) => mergePiece(piece, request)).join('');
  const added = missing.map((upstream) => `${registryTable(request, upstream)}\n`);
  const before = kept === '' || added.length === 0 ? [] : [`${kept.trimEnd()}\n`];
  const text = added.length === 0 ? kept : [...before, ...added].join('\n');
  if (readPiece(text) !== undefined) return text;
  return refuse(`no table can be added to ${file}`, 'write its registries as [[registry]] tables');
}
