// `registries.conf.d` (containers-registries.conf(5), version 2), which podman, buildah, skopeo and
// CRI-O read. Fail-closed renames a registry to a namespace of ours; fail-open puts ours before it.
// Only `[[registry]]` tables: a global key after a table would silently become a part of it.
import { UpstreamHost } from '@portolan/oci';
import {
  certificateFiles,
  type ClientConfig,
  type ConfigFile,
  type ConfigRequest,
  namedUpstreams,
} from './client-config.ts';
import { otherRegistriesConf } from './other-registries-conf.ts';
import { tomlString } from './toml.ts';

const FILE = '/etc/containers/registries.conf.d/50-portolan.conf';

function registryTable({ registry, fails }: ConfigRequest, upstream: UpstreamHost): string {
  const ours = [
    `location = ${tomlString(`${registry.host}/${UpstreamHost.namespaceOf(upstream)}`)}`,
    ...(registry.isPlain ? ['insecure = true'] : []),
  ];
  const lines = ['[[registry]]', `prefix = ${tomlString(upstream)}`];
  if (fails === 'open') {
    lines.push(`location = ${tomlString(upstream)}`, '[[registry.mirror]]', ...ours);
  } else lines.push(...ours);
  return `${lines.join('\n')}\n`;
}

function registriesFiles(request: ConfigRequest): readonly ConfigFile[] {
  const tables = namedUpstreams(request).map((upstream) => registryTable(request, upstream));
  return [
    { path: FILE, text: tables.join('\n') },
    ...certificateFiles(request, `/etc/containers/certs.d/${request.registry.host}/ca.crt`),
  ];
}

const ONLY_PULLS =
  'Only pulls come here: search, push, login and listing tags go to the registry itself.';

export function podmanConfig(request: ConfigRequest): ClientConfig {
  return {
    files: registriesFiles(request),
    surroundings: otherRegistriesConf(request, FILE),
    reload: [],
    notes: ['podman, buildah and skopeo read the files each time; nothing to reload.', ONLY_PULLS],
  };
}

export function crioConfig(request: ConfigRequest): ClientConfig {
  return {
    files: registriesFiles(request),
    surroundings: otherRegistriesConf(request, FILE),
    reload: ['systemctl reload crio'],
    notes: [ONLY_PULLS],
  };
}
