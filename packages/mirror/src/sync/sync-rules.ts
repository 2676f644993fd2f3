// Many rules in one go: hosts beside each other, each with its own number of images at once, and all
// of them sharing their transfers, so that a layer which ten rules want is fetched once. Several calls
// share the same, so that rules which begin at different times are as one.
import { DomainError } from '@portolan/oci';
import type { MirrorRule } from '@portolan/storage';
import { forEachAtMost } from '../copy/at-most.ts';
import { type Copier, createCopier } from '../copy/copy-image.ts';
import { parseRuleSettings } from '../rules/rule-settings.ts';
import { createHosts, type Hosts } from './host-work.ts';
import { type PruneReport, pruneRule } from './prune-rule.ts';
import { type RunReport, summaryOf } from './run-report.ts';
import type { SyncDeps } from './sync-deps.ts';
import { type SyncOptions, syncRule } from './sync-rule.ts';

export interface SyncedRule {
  readonly report: RunReport;
  /** Of a rule that asks for it, after a good run. */
  readonly pruned: PruneReport | undefined;
}

/** What all runs have in common that go on at the same time. */
export interface SyncShare {
  readonly copier: Copier;
  readonly hosts: Hosts;
}

export function createSyncShare(): SyncShare {
  return { copier: createCopier(), hosts: createHosts() };
}

function byHost(rules: readonly MirrorRule[]): [string, MirrorRule[]][] {
  return [...Map.groupBy(rules, ({ upstream }) => upstream)];
}

/** The history names what went: nothing else tells of it later but the audit log. */
async function notePruned({ stores }: SyncDeps, report: RunReport, pruned: PruneReport) {
  const { runId } = report;
  const { removed } = pruned;
  if (runId === undefined || removed.length === 0) return;
  try {
    await stores.mirrorRuns.finish(runId, 'ok', { ...summaryOf(report), pruned: removed });
  } catch (error) {
    // The rule, and its history with it, was removed meanwhile; what went is told all the same.
    if (!(error instanceof DomainError)) throw error;
  }
}

async function pruneAfter(
  deps: SyncDeps,
  rule: MirrorRule,
  report: RunReport,
  signal: AbortSignal,
): Promise<PruneReport | undefined> {
  const { prune } = parseRuleSettings(rule.settings);
  const { outcome, isNarrowed } = report;
  if (prune === undefined || outcome !== 'ok' || isNarrowed) return undefined;
  const pruned = await pruneRule(deps, rule, { afterDays: undefined, isDryRun: false, signal });
  await notePruned(deps, report, pruned);
  return pruned;
}

/** In the order of `rules`. */
export async function syncRules(
  deps: SyncDeps,
  rules: readonly MirrorRule[],
  options: SyncOptions,
  share: SyncShare = createSyncShare(),
): Promise<readonly SyncedRule[]> {
  const { copier } = share;
  const done = new Map<MirrorRule, SyncedRule>();
  const hosts = byHost(rules);
  await forEachAtMost(hosts, hosts.length, async ([name, ofHost]) => {
    await share.hosts.use(name, options.jobs, (host) =>
      forEachAtMost(ofHost, options.jobs, async (rule) => {
        const report = await syncRule({ deps, rule, host, copier, options });
        const pruned = await pruneAfter(deps, rule, report, options.signal);
        options.progress.ruleEnded(report, pruned);
        done.set(rule, { report, pruned });
      }),
    );
  });
  return rules.map((rule) => done.get(rule)).filter((result) => result !== undefined);
}
