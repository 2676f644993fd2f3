// A repository of another registry, as all functions that talk to it know it.
import type { RepositoryName } from '@portolan/oci';
import type { KnownHosts } from '../client/known-hosts.ts';
import type { ClientLogger } from '../client/logger.ts';
import type { Requester } from '../client/requester.ts';

/** A repository, and what is known of the registry that it is in. */
export interface RegistryPlace {
  /** Canonical. */
  readonly host: string;
  readonly path: RepositoryName;
  readonly requester: Requester;
  readonly hosts: KnownHosts;
  /** Where in this registry a blob was last seen: it can be mounted from there. */
  readonly blobHomes: Map<string, RepositoryName>;
  readonly logger: ClientLogger | undefined;
  /** Learnt on the way, so that it is asked for once. */
  readonly learnt: { hasNoReferrersApi?: true; hasNoTagParameter?: true };
}

export function pullScopes(place: RegistryPlace): readonly string[] {
  return [`repository:${place.path}:pull`];
}

export function pushScopes(place: RegistryPlace): readonly string[] {
  return [`repository:${place.path}:pull,push`];
}
