// dockerd. Before version 29 it knows mirrors of Docker Hub alone, as a list of addresses without a
// path, and always goes to Docker Hub itself in the end; since 29 it reads `hosts.toml` as containerd
// does. The mirror's requests say nothing of docker.io but in their host: hence the virtual host.
import { UpstreamHost } from '@portolan/oci';
import { refuse } from '../client-error.ts';
import { isBefore } from '../engine-version.ts';
import { hostNameOf, virtualHostOf } from '../registry-address.ts';
import {
  certificateFiles,
  type ClientConfig,
  type ConfigFile,
  type ConfigRequest,
  namedUpstreams,
} from './client-config.ts';
import { hostsFiles } from './hosts-toml.ts';
import { otherHostsFiles } from './other-hosts-files.ts';

const CERTS = '/etc/docker/certs.d';
const DAEMON = '/etc/docker/daemon.json';
const USE_PROXY =
  'use `portolan client config proxy`, which is for every dockerd and every registry';

type Settings = Readonly<Record<string, unknown>>;

function readDaemonJson(text: string): Settings {
  if (text.trim() === '') return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  return refuse(
    `${DAEMON} is no JSON object`,
    'dockerd would not start with it either: correct it',
  );
}

/** Before the mirrors that are there; all else stays as it is. */
function withMirror(existing: string, mirror: string): string {
  const settings = readDaemonJson(existing);
  const listed: unknown = settings['registry-mirrors'] ?? [];
  if (!Array.isArray(listed)) {
    return refuse(`"registry-mirrors" in ${DAEMON} is no list`, 'correct it');
  }
  const mirrors: readonly unknown[] = listed;
  // dockerd itself puts a slash behind them.
  if (mirrors.some((one) => one === mirror || one === `${mirror}/`)) return existing;
  const merged = { ...settings, 'registry-mirrors': [mirror, ...mirrors] };
  return `${JSON.stringify(merged, undefined, 2)}\n`;
}

/** Since version 25 a mirror may have a path, which needs neither a name nor a certificate of its own. */
function mirrorOf({ registry, version }: ConfigRequest): { url: string; host: string } {
  const host = virtualHostOf(registry, UpstreamHost.DOCKER_HUB);
  if (host !== undefined) {
    return { url: `${registry.isPlain ? 'http' : 'https'}://${host}`, host };
  }
  if (version !== undefined && !isBefore(version, [25, 0, 0])) {
    return { url: `${registry.origin}/docker.io`, host: registry.host };
  }
  return refuse(
    `${registry.host} is an address, and docker before version 25 needs a name below that of the registry`,
    'give the registry a name, or say --engine-version when it is 25 or later',
  );
}

function refuseImpossible(request: ConfigRequest): void {
  if (request.fails === 'closed') {
    refuse(
      'docker before version 29 cannot be fail-closed: after any failure of a mirror it asks Docker Hub itself',
      `${USE_PROXY}, and fail-closed; docker 29 (--engine-version 29) can be, too`,
    );
  }
  if (!namedUpstreams(request).includes(UpstreamHost.DOCKER_HUB)) {
    refuse('docker before version 29 has mirrors for docker.io alone', USE_PROXY);
  }
}

function certificates(request: ConfigRequest, mirrorHost: string): readonly ConfigFile[] {
  // Ours too, for images that are typed with its name.
  const hosts = new Set([mirrorHost, request.registry.host]);
  return certificateFiles(request, ...[...hosts].map((host) => `${CERTS}/${host}/ca.crt`));
}

function nameNote({ registry }: ConfigRequest, mirrorHost: string): string[] {
  if (mirrorHost === registry.host) return [];
  const name = hostNameOf({ host: mirrorHost });
  return [`${name} needs an entry in DNS or /etc/hosts and must be in the registry's certificate.`];
}

function mirrorConfig(request: ConfigRequest): ClientConfig {
  refuseImpossible(request);
  const { url, host } = mirrorOf(request);
  const others = namedUpstreams(request).filter((one) => one !== UpstreamHost.DOCKER_HUB);
  const text = withMirror('', url);
  return {
    files: [
      { path: DAEMON, text, merge: (existing) => withMirror(existing, url) },
      ...certificates(request, host),
    ],
    reload: ['systemctl reload docker'],
    notes: [
      ...nameNote(request, host),
      'Fail-open: after any failure dockerd asks Docker Hub itself, and shows the error of that one.',
      'dockerd sends no login for this registry to a mirror: the namespace docker.io must be public.',
      ...(others.length === 0
        ? []
        : [`Not for ${others.join(', ')}: docker before version 29 mirrors docker.io alone.`]),
      `For other registries, and fail-closed: ${USE_PROXY}. For docker 29 and later say --engine-version 29.`,
    ],
  };
}

function hostsConfig(request: ConfigRequest): ClientConfig {
  return {
    files: hostsFiles(request, CERTS),
    surroundings: otherHostsFiles(request, CERTS),
    reload: [],
    notes: [
      'hosts.toml is read on each pull; nothing needs a restart.',
      'This is for the containerd image store, the default of a fresh docker 29; `docker info` shows "io.containerd.snapshotter". An older installation that was upgraded keeps its store: configure it as --engine-version 28.',
    ],
  };
}

export function dockerConfig(request: ConfigRequest): ClientConfig {
  const { version } = request;
  const readsHosts = version !== undefined && !isBefore(version, [29, 0, 0]);
  return readsHosts ? hostsConfig(request) : mirrorConfig(request);
}
