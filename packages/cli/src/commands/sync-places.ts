// Opens what a `sync` copies from and to: one client for each registry and side, one tree for the
// directory. All of it is closed at the end.
import {
  createDirTree,
  createRegistryClient,
  type DirTree,
  isPublicAddress,
  type OpenUpstream,
  type RegistryClient,
  type SinkRepository,
  type SyncTarget,
  type UpstreamSettings,
} from '@portolan/mirror';
import type { Digest } from '@portolan/oci';
import { placeSettings, type PlaceSettingsDeps, type WantedPlace } from './place-settings.ts';
import type { SyncRequest } from './sync-request.ts';

/** Not among them: link-local addresses, where clouds keep their metadata. */
const OWN_NETWORKS = [
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '::1/128',
  'fc00::/7',
];

export interface SyncPlaces {
  readonly openUpstream: OpenUpstream;
  readonly openSink: (target: SyncTarget, digest: Digest | undefined) => Promise<SinkRepository>;
  close(): Promise<void>;
}

export interface SyncPlacesDeps extends PlaceSettingsDeps {
  readonly request: SyncRequest;
  readonly owner: { readonly pid: number; readonly host: string };
  /** A name's addresses; none when it has none. */
  readonly resolve: (name: string) => Promise<readonly string[]>;
  readonly clock: () => number;
  readonly random: () => number;
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

/**
 * A host was named by whoever typed the command, so it may be in a network of ours. One that is not
 * may send nobody into them, beyond what the settings allow the mirror.
 */
async function networksFor(
  { resolve, stored }: SyncPlacesDeps,
  { host, proxy }: UpstreamSettings,
): Promise<readonly string[]> {
  const named = new URL(`http://${proxy === undefined ? host : new URL(proxy).host}`).hostname;
  const addresses = await resolve(named.replace(/^\[|\]$/g, ''));
  const isOurs = addresses.some((address) => !isPublicAddress(address));
  return [...(stored?.allowedNetworks ?? []), ...(isOurs ? OWN_NETWORKS : [])];
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
      const egress = { allowedNetworks: await networksFor(deps, settings) };
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
