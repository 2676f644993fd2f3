// One run of one rule: its images by and by, its state, its history, and when it runs next.
import { type DomainError } from '@portolan/oci';
import type { MirrorRule } from '@portolan/storage';
import { forEachAtMost } from '../copy/at-most.ts';
import type { Copier } from '../copy/copy-image.ts';
import { parseRuleSettings } from '../rules/rule-settings.ts';
import { nextRunAt } from '../rules/schedule.ts';
import { narrowingOf } from '../rules/select-rules.ts';
import { parsePlatform } from '../selection/platform.ts';
import type { HostWork } from './host-work.ts';
import { findGone } from './known-tags.ts';
import { type OpenedRule, openRule, type RuleScope } from './open-rule.ts';
import { recentRuns } from './recent-runs.ts';
import { withRunLease } from './run-lease.ts';
import {
  busyReport,
  errorFacts,
  type ImageResult,
  makeReport,
  type RunReport,
  summaryOf,
} from './run-report.ts';
import type { SyncDeps } from './sync-deps.ts';
import { syncImage } from './sync-image.ts';
import type { SyncProgress } from './sync-progress.ts';

export interface SyncOptions extends RuleScope {
  /** Images at once for each upstream. */
  readonly jobs: number;
  readonly blobsAtOnce: number;
  /** For another run of a rule to end; one that was killed ends after `LEASE_OF_THE_DEAD_MS`. */
  readonly waitMs: number;
  readonly progress: SyncProgress;
}

export interface RuleWork {
  readonly deps: SyncDeps;
  readonly rule: MirrorRule;
  readonly host: HostWork;
  readonly copier: Copier;
  readonly options: SyncOptions;
}

async function syncImages(
  work: RuleWork,
  found: OpenedRule,
  results: ImageResult[],
): Promise<void> {
  const { deps, rule, host, copier, options } = work;
  const { settings, source, images, notes, isThorough, freshSince } = found;
  const { destination } = rule;
  const request = {
    source,
    sink: deps.openSink(rule),
    platforms: settings.platforms?.map(parsePlatform),
    withReferrers: settings.referrers,
    ...(images.all === undefined ? {} : { tagsAtSource: images.all }),
    isThorough,
    blobsAtOnce: options.blobsAtOnce,
    signal: options.signal,
  };
  const { progress } = options;
  const each = { destination, copier, host, notes, request, progress, freshSince };
  await forEachAtMost(images.images, options.jobs, async (image) => {
    const result = await syncImage(each, image);
    results.push(result);
    if (result.status !== 'skipped') progress.imageDone(destination, result);
  });
}

const NOT_LISTED = { code: 'upstream-absent', message: 'the upstream lists no such tag' };

async function noteGone({ images, notes, narrowing }: OpenedRule): Promise<ImageResult[]> {
  const results: ImageResult[] = [];
  for (const { tag, status } of findGone(images, notes, narrowing)) {
    if (status === 'vanished') await notes.vanished(tag);
    results.push({ tag, status, ...(status === 'missing' ? { error: NOT_LISTED } : {}) });
  }
  return results;
}

/** Tags that the rule meant once, and means no more. */
async function releaseOthers({ images, notes, narrowing }: OpenedRule): Promise<void> {
  if (narrowing !== undefined) return;
  const meant = new Set([...images.images.map(({ tag }) => tag), ...images.missing]);
  for (const { name } of notes.all()) {
    if (!meant.has(name)) await notes.released(name, images.all?.has(name) === true);
  }
}

async function execute(work: RuleWork): Promise<RunReport> {
  const { deps, rule, host, options } = work;
  const startedAt = deps.clock();
  let found: OpenedRule | undefined;
  const results: ImageResult[] = [];
  let error: unknown;
  try {
    if (host.stop !== undefined) throw host.stop;
    found = await host.slots(() => openRule(deps, rule, options));
    const { images, missing } = found.images;
    options.progress.ruleFound(rule.destination, images.length + missing.length);
    await syncImages(work, found, results);
    const gone = await noteGone(found);
    results.push(...gone);
    // What the rule names was counted as found; what only its memory knows was not.
    for (const result of gone.slice(0, missing.length)) {
      options.progress.imageDone(rule.destination, result);
    }
    await releaseOthers(found);
  } catch (thrown) {
    error = thrown;
    const { code } = errorFacts(thrown);
    if (code !== 'unexpected') host.failed(thrown as DomainError);
  }
  try {
    await found?.notes.flush();
  } catch (thrown) {
    error ??= thrown;
  }
  return makeReport(rule, {
    span: { startedAt, endedAt: deps.clock() },
    results,
    counts: found?.source.counts,
    listed: found?.images.all?.size,
    isThorough: found?.isThorough ?? false,
    isInterrupted: options.signal.aborted,
    isNarrowed: narrowingOf(rule, options.selector) !== undefined,
    stop: host.stop,
    error,
  });
}

/** A limited run goes on when it may, others by their schedule; one that was cut off is still due. */
async function setNextRun({ deps, rule }: RuleWork, report: RunReport): Promise<void> {
  const { clock, random, stores } = deps;
  const now = clock();
  if (report.isNarrowed) return;
  if (report.isInterrupted && rule.nextRunAt !== undefined && rule.nextRunAt <= now) return;
  const { schedule } = parseRuleSettings(rule.settings);
  const next = report.retryAt ?? nextRunAt(schedule, now, random);
  await stores.mirrorRules.setNextRun(rule.id, next);
}

async function runHeld(work: RuleWork, tell: (report: RunReport) => void): Promise<RunReport> {
  const { deps, rule } = work;
  const { mirrorRuns } = deps.stores;
  const runs = await recentRuns(deps, rule);
  // We have the lease, so whoever began these is dead.
  for (const { id, outcome } of runs) {
    if (outcome === 'running') await mirrorRuns.finish(id, 'failed', { isInterrupted: true });
  }
  const { id } = await mirrorRuns.start(rule.id);
  const report = await execute(work);
  tell(report);
  const { outcome } = report;
  await mirrorRuns.finish(id, outcome === 'busy' ? 'failed' : outcome, summaryOf(report));
  await setNextRun(work, report);
  return { ...report, runId: id };
}

const REMOVED = { code: 'not-found', message: 'the rule was removed while it ran' };

/** What it did is told, whatever became of it when its rule, and its history with it, went. */
async function runOrTell(work: RuleWork): Promise<RunReport> {
  const { deps, rule } = work;
  const { mirrorRules } = deps.stores;
  const isRemoved = async (): Promise<boolean> =>
    (await mirrorRules.findByDestination(rule.destination))?.id !== rule.id;
  const told: { report?: RunReport } = {};
  try {
    const report = await runHeld(work, (done) => {
      told.report = done;
    });
    if (report.error?.code !== 'unexpected' || !(await isRemoved())) return report;
    return { ...report, error: REMOVED };
  } catch (error) {
    if (!(await isRemoved())) throw error;
    const report = told.report ?? busyReport(rule, deps.clock());
    return { ...report, outcome: 'failed', error: REMOVED };
  }
}

/** Never throws for what an upstream does. That it has ended is told after its prune. */
export async function syncRule(work: RuleWork): Promise<RunReport> {
  const { deps, rule, options } = work;
  const lease = {
    leases: deps.stores.leases,
    ruleId: rule.id,
    holder: deps.randomId(),
    waitMs: options.waitMs,
    onWait: () => options.progress.ruleWaits(rule.destination),
  };
  options.progress.ruleStarted({
    source: `${rule.upstream}/${rule.path}`,
    destination: rule.destination,
  });
  const report = await withRunLease(lease, options.signal, (signal) =>
    runOrTell({ ...work, options: { ...options, signal } }),
  );
  return report ?? busyReport(rule, deps.clock());
}
