// buildkitd. It asks a mirror with `ns` in the query as well as with the namespace in the path, and
// always goes to the registry itself in the end.
import { UpstreamHost } from '@portolan/oci';
import { parse, stringify, type TomlTable } from 'smol-toml';
import { refuse } from '../client-error.ts';
import {
  certificateFiles,
  type ClientConfig,
  type ConfigFile,
  type ConfigRequest,
  namedUpstreams,
} from './client-config.ts';
import { tomlString, tomlStrings } from './toml.ts';

const FILE = '/etc/buildkit/buildkitd.toml';
export const BUILDKIT_CA = '/etc/buildkit/portolan-ca.crt';

function buildkitToml(request: ConfigRequest): string {
  const { registry, ca } = request;
  const mirrors = namedUpstreams(request).map((upstream) => {
    const mirror = `${registry.host}/${UpstreamHost.namespaceOf(upstream)}`;
    return `[registry.${tomlString(upstream)}]\n  mirrors = ${tomlStrings([mirror])}\n`;
  });
  const ours = [
    ...(registry.isPlain ? ['  http = true'] : []),
    ...(ca === undefined ? [] : [`  ca = ${tomlStrings([BUILDKIT_CA])}`]),
  ];
  if (ours.length === 0) return mirrors.join('\n');
  return [...mirrors, `[registry.${tomlString(registry.host)}]\n${ours.join('\n')}\n`].join('\n');
}

function isTable(value: unknown): value is TomlTable {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readToml(text: string): TomlTable {
  try {
    return parse(text);
  } catch {
    return refuse(`${FILE} is no TOML`, 'buildkitd would not start with it either: correct it');
  }
}

/** Our keys of `[registry]` win; all else stays, without its comments. */
function mergeToml(existing: string, ours: string): string {
  const settings = readToml(existing);
  const known = isTable(settings['registry']) ? settings['registry'] : {};
  const { registry: wanted } = parse(ours);
  const merged: TomlTable = { ...known };
  for (const [host, table] of Object.entries(isTable(wanted) ? wanted : {})) {
    const before = known[host];
    merged[host] = { ...(isTable(before) ? before : {}), ...(isTable(table) ? table : {}) };
  }
  const isSame = JSON.stringify(merged) === JSON.stringify(known);
  return isSame ? existing : stringify({ ...settings, registry: merged });
}

/** Merged into what is there. */
export function buildkitFile(text: string): ConfigFile {
  return { path: FILE, text, merge: (existing) => mergeToml(existing, text) };
}

export function buildkitConfig(request: ConfigRequest): ClientConfig {
  if (request.fails === 'closed') {
    refuse(
      'BuildKit cannot be fail-closed: after any failure of a mirror it asks the registry itself',
      'give buildkitd the proxy: `portolan client config proxy --unit buildkit.service`',
    );
  }
  return {
    files: [buildkitFile(buildkitToml(request)), ...certificateFiles(request, BUILDKIT_CA)],
    reload: ['systemctl restart buildkit'],
    notes: [
      'Fail-open: after any failure BuildKit asks the registry itself.',
      ...(request.ca === undefined
        ? []
        : [
            'Tokens are fetched by the program that asks for the build, so docker or buildctl must trust the certificate too: put it into the system store of their machine.',
          ]),
      `A builder of docker buildx takes the file when it is made: docker buildx create --buildkitd-config ${FILE}`,
      'The BuildKit inside dockerd reads what `portolan client config docker` writes instead.',
    ],
  };
}
