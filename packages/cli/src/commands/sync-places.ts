// Opens what a `sync` copies from and to: one client for each registry and side, one tree for the
// directory. All of it is closed at the end.
import {
  createDirTree,
  createRegistryClient,
  type DirTree,
  type EgressPolicy,
  type OpenUpstream,
  type RegistryClient,
  type SinkRepository,
  type SyncTarget,
  type UpstreamSettings,
} from '@portolan/mirror';
import type { Digest } from '@portolan/oci';
import { placeSettings, type PlaceSettingsDeps, type WantedPlace } from './place-settings.ts';
import type { SyncRequest } from './sync-request.ts';

export interface SyncPlaces {
  readonly openUpstream: OpenUpstream;
  readonly openSink: (target: SyncTarget, digest: Digest | undefined) => Promise<SinkRepository>;
  close(): Promise<void>;
}

export interface SyncPlacesDeps extends PlaceSettingsDeps {
  readonly request: SyncRequest;
  /** Of ours, that registries may send us into. */
  readonly allowedNetworks: readonly string[];
  readonly owner: { readonly pid: number; readonly host: string };
  readonly clock: () => number;
  readonly random: () => number;
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

const hostnameOf = (url: string | undefined): string =>
  (url === undefined ? undefined : URL.parse(url)?.hostname) ?? '';

/**
 * A host was named by whoever typed the command, so it may be in a network of ours, and so may its proxy
 * and the hosts that were named beside it.
 * It may send nobody further into them, beyond what the settings allow the mirror.
 */
function egressFor(
  { request, allowedNetworks }: SyncPlacesDeps,
  { host, endpoint, proxy }: UpstreamSettings,
): EgressPolicy {
  const typed = [host, ...request.allowedHosts].map((one) => `http://${one}`);
  const named = [...typed, endpoint, proxy].map(hostnameOf);
  return {
    allowedNetworks,
    namedHosts: named.filter((name) => name !== ''),
  };
}

/** Clients by all that makes them differ: an auth file may have a login for a part of a registry. */
function createClients(deps: SyncPlacesDeps) {
  const clients = new Map<string, RegistryClient>();
  return {
    async of(wanted: WantedPlace): Promise<RegistryClient> {
      const settings = await placeSettings(deps, wanted);
      const key = JSON.stringify([wanted.side, settings]);
      const known = clients.get(key);
      if (known !== undefined) return known;
      const { clock, random, sleep } = deps;
      const egress = egressFor(deps, settings);
      const client = createRegistryClient({ settings, egress, clock, random, sleep });
      clients.set(key, client);
      return client;
    },
    close: () => Promise.all([...clients.values()].map((client) => client.close())),
  };
}

export function createSyncPlaces(deps: SyncPlacesDeps): SyncPlaces {
  const clients = createClients(deps);
  const { destination } = deps.request;
  const tree: DirTree | undefined =
    destination.kind === 'dir' ? createDirTree(destination.root, deps.owner) : undefined;
  return {
    async openUpstream(upstream, registry) {
      const client = await clients.of({ upstream, side: 'src', registry });
      return client.repository(upstream.path);
    },
    async openSink({ place }, digest) {
      if (place.kind === 'docker') {
        const wanted = { upstream: place.repository, side: 'dest', registry: undefined } as const;
        return (await clients.of(wanted)).repository(place.repository.path);
      }
      if (tree === undefined) throw new Error('a target in a directory, and no directory');
      return tree.repository(place.name, digest);
    },
    async close() {
      // A dry run has written nothing, and tidies nothing either.
      if (!deps.request.isDryRun) await tree?.close();
      await clients.close();
    },
  };
}
