// What planning and running rules need from outside.
import type { Digest } from '@portolan/oci';
import type { MirrorRule, Storage } from '@portolan/storage';
import type { SinkRepository, SourceRepository } from '../places/place.ts';

export type SyncStores = Pick<
  Storage,
  'mirrorRules' | 'mirrorTags' | 'mirrorRuns' | 'upstreams' | 'leases' | 'tags' | 'manifests'
>;

export interface SyncDeps {
  readonly stores: SyncStores;
  /** The repository at the upstream, with its settings and credentials. */
  readonly openSource: (rule: MirrorRule) => Promise<SourceRepository>;
  readonly openSink: (rule: MirrorRule) => SinkRepository;
  /** Whether any repository here has the blob; changes nothing, as a plan must not. */
  readonly hasBlobHere: (digest: Digest) => Promise<boolean>;
  /** Writes down what upstreams have said of their pull limits so far. */
  readonly noteQuotas: () => Promise<void>;
  readonly clock: () => number;
  /** In [0, 1). */
  readonly random: () => number;
  readonly randomId: () => string;
  /** For the tag history and the audit log. */
  readonly actor: string;
}
