// The mirror as commands and jobs use it: rules of the database, upstreams over the wire, and our own
// store as their destination.
import type { MirrorRule, Storage } from '@portolan/storage';
import { createLocalRepository } from '../places/local-repository.ts';
import { planRule, type PlanOptions, type RulePlan } from './plan-rule.ts';
import { pruneRule, type PruneOptions, type PruneReport } from './prune-rule.ts';
import type { SyncDeps } from './sync-deps.ts';
import type { SyncOptions as RunOptions } from './sync-rule.ts';
import { createSyncShare, type SyncedRule, syncRules } from './sync-rules.ts';
import { createUpstreamClients, type UpstreamClientsDeps } from './upstream-clients.ts';

export interface MirrorDeps extends UpstreamClientsDeps {
  readonly storage: Storage;
  readonly randomId: () => string;
  /** For the tag history and the audit log. */
  readonly actor: string;
}

export interface Mirror {
  /** Changes nothing; what an upstream does is in the plan. */
  plan(rule: MirrorRule, options: PlanOptions): Promise<RulePlan>;
  /**
   * In the order of `rules`; what an upstream does is in the reports, and thrown by nothing. May be
   * called again meanwhile: limits and transfers are shared.
   */
  sync(rules: readonly MirrorRule[], options: RunOptions): Promise<readonly SyncedRule[]>;
  /** @throws MirrorError */
  prune(rule: MirrorRule, options: PruneOptions): Promise<PruneReport>;
  close(): Promise<void>;
}

export function createMirror(deps: MirrorDeps): Mirror {
  const { storage, clock, random, randomId, actor } = deps;
  const clients = createUpstreamClients(deps);
  const share = createSyncShare();
  const local = { content: storage, downloads: storage.mirrorDownloads };
  const sync: SyncDeps = {
    stores: storage,
    openSource: async (rule) => (await clients.client(rule.upstream)).repository(rule.path),
    openSink: (rule) => createLocalRepository(local, rule.destination, actor),
    hasBlobHere: (digest) => storage.blobs.isAnywhere(digest),
    noteQuotas: () => clients.noteQuotas(),
    clock,
    random,
    randomId,
    actor,
  };

  /** Also when it failed: a refusal is when a limit says most. */
  async function noting<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } finally {
      await clients.noteQuotas();
    }
  }

  return {
    plan: (rule, options) => noting(planRule(sync, rule, options)),
    sync: (rules, options) => noting(syncRules(sync, rules, options, share)),
    prune: (rule, options) => noting(pruneRule(sync, rule, options)),
    close: () => clients.close(),
  };
}
