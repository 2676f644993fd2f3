// One run of one rule: its images by and by, its state, its history, and when it runs next.
import { type DomainError } from '@portolan/oci';
import type { MirrorRule, MirrorRun } from '@portolan/storage';
import { forEachAtMost } from '../copy/at-most.ts';
import type { Copier } from '../copy/copy-image.ts';
import { type RuleSettings, parseRuleSettings } from '../rules/rule-settings.ts';
import { nextRunAt } from '../rules/schedule.ts';
import { type Narrowing, narrowingOf } from '../rules/select-rules.ts';
import { parsePlatform } from '../selection/platform.ts';
import type { ReferenceSelector } from '../selection/selectors.ts';
import { countRequests, type CountingSource } from './counting-source.ts';
import type { HostWork } from './host-work.ts';
import { findImages, narrowImages, type RuleImages } from './rule-images.ts';
import { withRunLease } from './run-lease.ts';
import {
  busyReport,
  errorFacts,
  type ImageResult,
  makeReport,
  type RunReport,
} from './run-report.ts';
import type { SyncDeps } from './sync-deps.ts';
import { syncImage } from './sync-image.ts';
import type { SyncProgress } from './sync-progress.ts';
import { isThoroughDue } from './thorough-runs.ts';
import { openTagNotes, type TagNotes } from './tag-notes.ts';

export interface SyncOptions {
  /** Images at once for each upstream. */
  readonly jobs: number;
  readonly blobsAtOnce: number;
  /** Tags that were checked so long ago are not checked again; 0 checks all. */
  readonly freshForMs: number;
  /** For another run of a rule to end; one that was killed ends after `LEASE_OF_THE_DEAD_MS`. */
  readonly waitMs: number;
  /** Looks below unchanged tags too; the daily default is undefined. */
  readonly isThorough: boolean | undefined;
  /** Only these images; such a run says nothing about the rule as a whole. */
  readonly selector?: ReferenceSelector | undefined;
  readonly signal: AbortSignal;
  readonly progress: SyncProgress;
}

export interface RuleWork {
  readonly deps: SyncDeps;
  readonly rule: MirrorRule;
  readonly host: HostWork;
  readonly copier: Copier;
  readonly options: SyncOptions;
}

const RUNS_LOOKED_AT = 100;

interface Found {
  readonly source: CountingSource;
  readonly settings: RuleSettings;
  readonly images: RuleImages;
  readonly notes: TagNotes;
  readonly isThorough: boolean;
  readonly narrowing: Narrowing | undefined;
}

async function syncImages(work: RuleWork, found: Found, results: ImageResult[]): Promise<void> {
  const { deps, rule, host, copier, options } = work;
  const { settings, source, images, notes, isThorough } = found;
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
  const freshSince = deps.clock() - options.freshForMs;
  const each = { destination, copier, host, notes, request, progress, freshSince };
  await forEachAtMost(images.images, options.jobs, async (image) => {
    const result = await syncImage(each, image);
    results.push(result);
    if (result.status !== 'skipped') progress.imageDone(destination, result);
  });
}

const NOT_LISTED = { code: 'upstream-absent', message: 'the upstream lists no such tag' };

/**
 * What a listing does not have any more; first what the rule names. An empty one says nothing: a
 * registry that has lost its database answers so too.
 */
async function noteVanished({ images, notes, narrowing }: Found): Promise<ImageResult[]> {
  const results: ImageResult[] = images.missing.map((tag) =>
    notes.known(tag)?.digest === undefined
      ? { tag, status: 'missing', error: NOT_LISTED }
      : { tag, status: 'vanished' },
  );
  const { all } = images;
  if (all === undefined || all.size === 0) return results;
  const byDigest = new Set(
    images.images.filter(({ reference }) => reference.kind === 'digest').map(({ tag }) => tag),
  );
  const gone = [...notes.all()]
    .filter(({ name }) => !all.has(name) && !byDigest.has(name))
    .filter(({ name }) => narrowing?.({ tag: name }) ?? true);
  for (const { name, digest } of gone) {
    await notes.vanished(name);
    const isReported = results.some(({ tag }) => tag === name);
    if (!isReported && digest !== undefined) results.push({ tag: name, status: 'vanished' });
  }
  return results;
}

/** Tags that the rule meant once, and means no more. */
async function releaseOthers({ images, notes, narrowing }: Found): Promise<void> {
  if (narrowing !== undefined) return;
  const meant = new Set([...images.images.map(({ tag }) => tag), ...images.missing]);
  for (const { name } of notes.all()) {
    if (!meant.has(name)) await notes.released(name);
  }
}

async function find(work: RuleWork, runs: readonly MirrorRun[]): Promise<Found> {
  const { deps, rule, options, host } = work;
  const settings = parseRuleSettings(rule.settings);
  const source = countRequests(await deps.openSource(rule));
  const narrowing = narrowingOf(rule, options.selector);
  const all = await host.slots(() => findImages(source, settings, options.signal));
  const images = narrowImages(all, narrowing);
  const notes = await openTagNotes(deps.stores.mirrorTags, rule.id, deps.clock);
  const isThorough = options.isThorough ?? isThoroughDue(rule, runs, deps.clock());
  return { settings, source, images, notes, isThorough, narrowing };
}

async function execute(work: RuleWork, runs: readonly MirrorRun[]): Promise<RunReport> {
  const { deps, rule, host, options } = work;
  const startedAt = deps.clock();
  let found: Found | undefined;
  const results: ImageResult[] = [];
  let error: unknown;
  try {
    if (host.stop !== undefined) throw host.stop;
    found = await find(work, runs);
    const { images, missing } = found.images;
    options.progress.ruleFound(rule.destination, images.length + missing.length);
    await syncImages(work, found, results);
    const gone = await noteVanished(found);
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
  await found?.notes.flush();
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

async function runHeld(work: RuleWork): Promise<RunReport> {
  const { deps, rule } = work;
  const { mirrorRuns } = deps.stores;
  const runs = await mirrorRuns.list(rule.id, RUNS_LOOKED_AT);
  // We have the lease, so whoever began these is dead.
  for (const { id, outcome } of runs) {
    if (outcome === 'running') await mirrorRuns.finish(id, 'failed', { isInterrupted: true });
  }
  const { id } = await mirrorRuns.start(rule.id);
  const report = await execute(work, runs);
  const { source: _source, destination: _destination, outcome, ...summary } = report;
  await mirrorRuns.finish(id, outcome === 'busy' ? 'failed' : outcome, summary);
  await setNextRun(work, report);
  return { ...report, runId: id };
}

/** Never throws for what an upstream does. */
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
  const report =
    (await withRunLease(lease, options.signal, (signal) =>
      runHeld({ ...work, options: { ...options, signal } }),
    )) ?? busyReport(rule, deps.clock());
  options.progress.ruleEnded(report);
  return report;
}
