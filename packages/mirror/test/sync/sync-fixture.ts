// Rules over a memory upstream, into a registry of our own: real database, real files.
import { Digest, RepositoryName, Tag } from '@portolan/oci';
import type { MirrorRule, Storage } from '@portolan/storage';
import { createLocalRepository } from '../../src/places/local-repository.ts';
import { parseRuleSettings } from '../../src/rules/rule-settings.ts';
import { planRule, type RulePlan } from '../../src/sync/plan-rule.ts';
import { type PruneOptions, type PruneReport, pruneRule } from '../../src/sync/prune-rule.ts';
import type { SyncDeps } from '../../src/sync/sync-deps.ts';
import { SILENT_SYNC } from '../../src/sync/sync-progress.ts';
import type { SyncOptions } from '../../src/sync/sync-rule.ts';
import { type SyncedRule, syncRules } from '../../src/sync/sync-rules.ts';
import { createMemoryPlace, type MemoryPlace } from '../fixtures/memory-place.ts';
import { openLocalStorage, REPOSITORY } from '../places/local-storage.ts';

export interface SyncFixture {
  readonly storage: Storage;
  readonly upstream: MemoryPlace;
  readonly deps: SyncDeps;
  /** Moves the clock of the runs, not that of the database. */
  readonly pass: (ms: number) => void;
  readonly rule: (settings?: object, destination?: RepositoryName) => Promise<MirrorRule>;
  readonly sync: (rule: MirrorRule, options?: Partial<SyncOptions>) => Promise<SyncedRule>;
  readonly plan: (rule: MirrorRule, measures?: boolean) => Promise<RulePlan>;
  readonly prune: (rule: MirrorRule, options?: Partial<PruneOptions>) => Promise<PruneReport>;
  /** Tag → digest, as the registry serves it. */
  readonly tagsHere: (repository?: RepositoryName) => Promise<Record<string, string>>;
}

export async function openSyncFixture(): Promise<SyncFixture> {
  const storage = await openLocalStorage();
  const upstream = createMemoryPlace('docker.io/library/busybox');
  const local = { content: storage, downloads: storage.mirrorDownloads };
  let skew = 0;
  const deps: SyncDeps = {
    stores: storage,
    openSource: async () => upstream,
    openSink: (rule) => createLocalRepository(local, rule.destination, 'mirror'),
    hasBlobHere: (digest) => storage.blobs.isAnywhere(digest),
    noteQuotas: async () => undefined,
    clock: () => Date.now() + skew,
    random: () => 0,
    randomId: () => crypto.randomUUID(),
    actor: 'mirror',
  };
  const options: SyncOptions = {
    jobs: 3,
    blobsAtOnce: 3,
    freshForMs: 0,
    waitMs: 0,
    isThorough: undefined,
    signal: new AbortController().signal,
    progress: SILENT_SYNC,
  };
  return {
    storage,
    upstream,
    deps,
    pass: (ms) => {
      skew += ms;
    },
    rule: (settings = {}, destination = REPOSITORY) =>
      storage.mirrorRules.create(
        {
          upstream: 'docker.io',
          path: RepositoryName.parse('library/busybox'),
          destination,
          settings: { ...parseRuleSettings(settings) },
          nextRunAt: undefined,
        },
        'tester',
      ),
    async sync(rule, changes = {}) {
      const [synced] = await syncRules(deps, [rule], { ...options, ...changes });
      if (synced === undefined) throw new Error('the rule was not run');
      return synced;
    },
    plan: (rule, measures) => planRule(deps, rule, { ...options, measures }),
    prune: (rule, changes = {}) =>
      pruneRule(deps, rule, {
        afterDays: undefined,
        isDryRun: false,
        signal: options.signal,
        ...changes,
      }),
    async tagsHere(repository = REPOSITORY) {
      const page = await storage.tags.list(repository, { limit: 10_000 });
      const found: Record<string, string> = {};
      for (const name of page?.tags ?? []) {
        found[name] = (await storage.tags.resolve(repository, Tag.parse(name))) ?? '';
      }
      return found;
    },
  };
}

export function taggedThere(upstream: MemoryPlace): Record<string, Digest> {
  return Object.fromEntries(upstream.tagged);
}
