// The directories of single registries beside `_default`. The engine takes a registry's own one before
// that, even where no `hosts.toml` is in it, and then asks the registry itself. So of "every registry"
// those are left out that have one, unless it leads here too.
//
// Ours of an earlier run are known by their text, of which there are four, and brought to what is wanted
// now. What others wrote is theirs: it is told of, and `--ns` replaces it.
import { UpstreamHost } from '@portolan/oci';
import { parse, type TomlTable } from 'smol-toml';
import { isRegistryItself, isVirtualHost, type RegistryAddress } from '../registry-address.ts';
import type { ConfigFile, ConfigRequest, FoundPlace, Surroundings } from './client-config.ts';
import { hostsCertificate, hostsToml } from './hosts-toml.ts';

interface OtherDirectory {
  readonly path: string;
  /** The registry that it is for. */
  readonly host: UpstreamHost;
  /** Of its `hosts.toml`. */
  readonly text: string | undefined;
}

/** `host_5000_` is `host:5000`; undefined for a name that no image can be typed with. */
function hostOf(directory: string): UpstreamHost | undefined {
  return UpstreamHost.named(directory.replace(/_(\d+)_$/, ':$1'));
}

/** What is typed with such a name comes from here, whatever is in its directory: our certificate. */
function isOurs(registry: RegistryAddress, host: UpstreamHost): boolean {
  return isRegistryItself(registry, host) || isVirtualHost(registry, host);
}

function otherDirectories(
  found: readonly FoundPlace[],
  { registry }: ConfigRequest,
): readonly OtherDirectory[] {
  const texts = new Map(found.map(({ path, text }) => [path, text]));
  return found.flatMap(({ path, text }) => {
    const host = hostOf(path.slice(path.lastIndexOf('/') + 1));
    const isOther = text === undefined && host !== undefined && !isOurs(registry, host);
    return isOther ? [{ path, host, text: texts.get(`${path}/hosts.toml`) }] : [];
  });
}

function isOwnText(text: string, { registry }: ConfigRequest, ca: string): boolean {
  return (['open', 'closed'] as const).some((fails) =>
    [ca, undefined].some((trusted) => hostsToml({ registry, fails }, trusted) === text),
  );
}

function leadsTo(registry: RegistryAddress, url: unknown): boolean {
  return typeof url === 'string' && URL.parse(url)?.host === registry.host;
}

function readTable(text: string): TomlTable | undefined {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}

/** Why a registry with this directory does not come from here alone; undefined when it does. */
function escape({ path, host, text = '' }: OtherDirectory, registry: RegistryAddress) {
  if (text === '') return `${path} has no hosts.toml, with which ${host} itself is asked`;
  const table = readTable(text);
  if (table === undefined) return `${path}/hosts.toml is no TOML`;
  const { server, host: named } = table;
  const hosts = typeof named === 'object' && named !== null ? Object.keys(named) : [];
  if (server === undefined) return `${path}/hosts.toml has no "server", so ${host} is asked last`;
  // containerd 1.x ignores a file without a table, and docker 29 one with a single host.
  if (hosts.length === 0) return `${path}/hosts.toml has no [host] table, and is ignored by some`;
  const elsewhere = [...hosts, server].find((url) => !leadsTo(registry, url));
  return elsewhere === undefined
    ? undefined
    : `${path}/hosts.toml leads to ${typeof elsewhere === 'string' ? elsewhere : 'nowhere'}`;
}

function warningOf(directory: OtherDirectory, registry: RegistryAddress): string[] {
  const reason = escape(directory, registry);
  if (reason === undefined) return [];
  const { host } = directory;
  return [
    `${host} is not fail-closed: ${reason}. Replace it with --ns ${host}, or remove the directory.`,
  ];
}

/** None when registries are named: each then has its own directory, which is ours. */
export function otherHostsFiles(request: ConfigRequest, root: string): Surroundings | undefined {
  if (request.upstreams !== undefined) return undefined;
  const ca = hostsCertificate(request, root);
  const text = hostsToml(request, request.ca === undefined ? undefined : ca);
  return {
    patterns: [`${root}/*`, `${root}/*/hosts.toml`],
    judge(found) {
      const files: ConfigFile[] = [];
      const warnings: string[] = [];
      for (const directory of otherDirectories(found, request)) {
        if (isOwnText(directory.text ?? '', request, ca)) {
          files.push({ path: `${directory.path}/hosts.toml`, text });
        } else if (request.fails !== 'open')
          warnings.push(...warningOf(directory, request.registry));
      }
      return { files, warnings };
    },
  };
}
