// Where an engine behind our CONNECT listener finds the authority of the certificates that it is shown for
// other registries: in a file for each registry where the engine reads such ones, else in the store of the
// system, which is a person's to change.
import { UpstreamHost } from '@portolan/oci';
import { BUILDKIT_CA, buildkitFile } from './buildkit.ts';
import {
  certificateFiles,
  type ConfigFile,
  type ConfigRequest,
  namedUpstreams,
} from './client-config.ts';
import { configPath, CONTAINERD_ROOT, readsHostsFiles } from './containerd.ts';
import { directoryOf } from './hosts-toml.ts';
import { tomlString, tomlStrings } from './toml.ts';

export interface ProxyTrust {
  readonly files: readonly ConfigFile[];
  readonly notes: readonly string[];
}

const DOCKER = '/etc/docker/certs.d';
const DOCKER_CA = `${DOCKER}/portolan-ca.crt`;
const CONTAINERS = '/etc/containers/certs.d';

/** The registries that the proxy stands for, and ours, which is reached without it. */
function trustedHosts(request: ConfigRequest): readonly string[] {
  return [...namedUpstreams(request), request.registry.host];
}

function systemStore(file: string): string {
  return `cp ${file} /usr/local/share/ca-certificates/portolan.crt && update-ca-certificates (Debian, Ubuntu), or cp ${file} /etc/pki/ca-trust/source/anchors/ && update-ca-trust (Fedora, RHEL)`;
}

function systemTrust(request: ConfigRequest, unit: string): ProxyTrust {
  // Where systemd reads nothing but `*.conf`.
  const file = `/etc/systemd/system/${unit}.d/portolan-ca.crt`;
  return {
    files: certificateFiles(request, file),
    notes: [`What runs in ${unit} has to trust the certificate: ${systemStore(file)}.`],
  };
}

function dockerTrust(request: ConfigRequest): ProxyTrust {
  const hosts = trustedHosts(request).filter((host) => host !== UpstreamHost.DOCKER_HUB);
  const places = hosts.map((host) => `${DOCKER}/${host}/ca.crt`);
  // It has no directory for Docker Hub's certificates.
  const hasHub = namedUpstreams(request).includes(UpstreamHost.DOCKER_HUB);
  return {
    files: certificateFiles(request, DOCKER_CA, ...places),
    notes: hasHub
      ? [`For docker.io dockerd reads the system's store alone: ${systemStore(DOCKER_CA)}.`]
      : [],
  };
}

/** A directory with a certificate and no `hosts.toml` is the registry itself, with that trust. */
function containerdTrust(request: ConfigRequest, unit: string): ProxyTrust {
  if (!readsHostsFiles(request)) return systemTrust(request, unit);
  const places = trustedHosts(request).map(
    (host) => `${CONTAINERD_ROOT}/${directoryOf(host)}/ca.crt`,
  );
  return {
    files: certificateFiles(request, ...places),
    notes: [
      'A hosts.toml beside such a certificate counts in place of it: remove those of `client config containerd`.',
      configPath(request),
      `ctr and nerdctl connect by themselves: they need HTTPS_PROXY and NO_PROXY in their own environment, and ctr --hosts-dir ${CONTAINERD_ROOT}.`,
    ],
  };
}

function buildkitTrust(request: ConfigRequest): ProxyTrust {
  if (request.ca === undefined) return { files: [], notes: [] };
  const tables = trustedHosts(request).map(
    (host) => `[registry.${tomlString(host)}]\n  ca = ${tomlStrings([BUILDKIT_CA])}\n`,
  );
  return {
    files: [buildkitFile(tables.join('\n')), ...certificateFiles(request, BUILDKIT_CA)],
    notes: [
      `Tokens are fetched by the program that asks for the build: docker or buildctl need HTTPS_PROXY in their environment and the certificate in the store of their system. There: ${systemStore(BUILDKIT_CA)}.`,
    ],
  };
}

/** Docker Hub's directory is under the name that is typed. */
function containersTrust(request: ConfigRequest): ProxyTrust {
  const places = trustedHosts(request).map((host) => `${CONTAINERS}/${host}/ca.crt`);
  return {
    files: certificateFiles(request, ...places),
    notes: [
      'podman, buildah and skopeo that a person runs are no part of a unit: they need HTTPS_PROXY and NO_PROXY in their own environment.',
    ],
  };
}

/** By the name of the unit without `.service`. */
const BY_UNIT: ReadonlyMap<string, (request: ConfigRequest, unit: string) => ProxyTrust> = new Map([
  ['docker', dockerTrust],
  ['containerd', containerdTrust],
  ['buildkit', buildkitTrust],
  ['buildkitd', buildkitTrust],
  ['podman', containersTrust],
  ['crio', containersTrust],
  ['cri-o', containersTrust],
]);

/** Without an own authority what the system trusts is enough. */
export function proxyTrust(request: ConfigRequest, unit: string): ProxyTrust {
  const ofEngine = BY_UNIT.get(unit.replace(/(?:@.*)?\.service$/, ''));
  const { files, notes } = (ofEngine ?? systemTrust)(request, unit);
  return request.ca === undefined ? { files, notes: [] } : { files, notes };
}
