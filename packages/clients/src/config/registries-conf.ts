// `registries.conf.d` (containers-registries.conf(5), version 2), which podman, buildah, skopeo and
// CRI-O read.
import {
  certificateFiles,
  type ClientConfig,
  type ConfigFile,
  type ConfigRequest,
} from './client-config.ts';
import { otherRegistriesConf } from './other-registries-conf.ts';
import { mergeRegistries } from './registry-tables.ts';

const FILE = '/etc/containers/registries.conf.d/50-portolan.conf';

function registriesFiles(request: ConfigRequest): readonly ConfigFile[] {
  const text = mergeRegistries('', request, FILE);
  return [
    { path: FILE, text, merge: (existing) => mergeRegistries(existing, request, FILE) },
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
