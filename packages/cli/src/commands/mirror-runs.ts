// `portolan mirror plan|sync|prune`: what the rules do.
import type { PruneReport, RulePlan } from '@portolan/mirror';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { EXIT } from '../terminal/exit-codes.ts';
import { CommandFailure } from '../terminal/explain-failure.ts';
import type { CommandContext } from './context.ts';
import type { GlobalOptions } from './global-options.ts';
import { openProgress, PROGRESS_KINDS, type ProgressKind } from './mirror-progress.ts';
import { PLAN_COLUMNS, planExitCode, planNotes, planRow } from './mirror-plan-report.ts';
import { parseCount, parseDays, SELECTORS } from './mirror-rule-options.ts';
import {
  SYNC_COLUMNS,
  syncExitCode,
  syncFailure,
  syncNotes,
  syncRow,
} from './mirror-sync-report.ts';
import { addLoginOptions, type LoginOptions, withPersonalLogins } from './personal-logins.ts';
import { findRules, withMirror } from './with-mirror.ts';

const JOBS = 4;
const BLOBS_AT_ONCE = 4;

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function parseSpan(text: string): number {
  const [, count, unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const factor = UNITS[unit];
  if (count !== undefined && factor !== undefined) return Number(count) * factor;
  throw new InvalidArgumentError('It is a span such as 30s, 10m, 6h or 1d.');
}

function jobsOption(): Option {
  return new Option('--jobs <number>', 'images at once for each upstream')
    .argParser(parseCount)
    .default(JOBS);
}

interface SyncCommandOptions extends LoginOptions {
  readonly jobs: number;
  readonly freshFor?: number;
  readonly full?: true;
  readonly dryRun?: true;
  readonly progress: ProgressKind;
}

interface PlanCommandOptions extends LoginOptions {
  readonly jobs: number;
  readonly measure?: boolean;
  readonly freshFor?: number;
  readonly full?: true;
}

/** The answer is on stdout already; this is for the exit code alone. */
function failWith(exitCode: number, text: string): void {
  if (exitCode !== EXIT.ok) throw new CommandFailure(text, exitCode as typeof EXIT.failed);
}

async function planRules(
  context: CommandContext,
  selectors: readonly string[],
  { jobs, measure, freshFor, full, ...logins }: PlanCommandOptions,
): Promise<void> {
  const plans: RulePlan[] = [];
  await withMirror(
    context,
    async ({ mirror, storage, signal }) => {
      const { rules, selector } = await findRules(storage, selectors);
      const scope = { freshForMs: freshFor ?? 0, isThorough: full, selector, signal };
      for (const rule of rules) {
        plans.push(await mirror.plan(rule, { ...scope, jobs, measures: measure, before: plans }));
      }
    },
    await withPersonalLogins(context, logins),
  );
  context.output.rows(plans.map(planRow), PLAN_COLUMNS);
  for (const note of planNotes(plans)) context.output.note(note);
  const exitCode = planExitCode(plans);
  const isEmpty = exitCode === EXIT.notFound;
  failWith(exitCode, isEmpty ? 'there is nothing to copy' : 'some images are not to be had');
}

async function syncSelected(
  context: CommandContext,
  selectors: readonly string[],
  options: SyncCommandOptions,
): Promise<void> {
  const { output, clock } = context;
  const { LEASE_OF_THE_DEAD_MS } = await import('@portolan/mirror');
  const synced = await withMirror(
    context,
    async ({ mirror, storage, signal }) => {
      const { rules, selector } = await findRules(storage, selectors);
      const progress = openProgress(options.progress, { output, stderr: process.stderr, clock });
      try {
        return await mirror.sync(rules, {
          jobs: options.jobs,
          blobsAtOnce: BLOBS_AT_ONCE,
          freshForMs: options.freshFor ?? 0,
          waitMs: LEASE_OF_THE_DEAD_MS,
          isThorough: options.full,
          selector,
          signal,
          progress,
        });
      } finally {
        progress.end();
      }
    },
    await withPersonalLogins(context, options),
  );
  output.rows(synced.map(syncRow), SYNC_COLUMNS);
  for (const note of syncNotes(synced)) output.note(note);
  failWith(syncExitCode(synced), syncFailure(synced));
}

function registerPlanAndSync(mirror: Command, context: CommandContext): void {
  addLoginOptions(mirror.command(`plan ${SELECTORS}`))
    .description('Ask the upstreams what a sync would copy, and what that would cost')
    .addOption(jobsOption())
    .option('--measure', 'read manifests for the bytes, also where that counts as pulls')
    .option('--no-measure', 'ask for heads alone')
    .option('--full', 'plan a sync with --full')
    .action((selectors: readonly string[], options: PlanCommandOptions) =>
      planRules(context, selectors, options),
    );
  addLoginOptions(mirror.command(`sync ${SELECTORS}`))
    .description('Copy what is new upstream')
    .addOption(jobsOption())
    .option(
      '--fresh-for <span>',
      'leave tags alone that were checked since, such as 10m',
      parseSpan,
    )
    .option('--full', 'look below unchanged tags too, as happens once a day')
    .option('--dry-run', 'plan only')
    .addOption(
      new Option(
        '--progress <kind>',
        'what to tell on stderr meanwhile; auto is json with --output json',
      )
        .choices(PROGRESS_KINDS)
        .default('auto'),
    )
    .action((selectors: readonly string[], options: SyncCommandOptions, command: Command) => {
      if (options.dryRun === true) return planRules(context, selectors, options);
      const { output } = command.optsWithGlobals<GlobalOptions>();
      const isForPrograms = options.progress === 'auto' && output === 'json';
      const progress = isForPrograms ? 'json' : options.progress;
      return syncSelected(context, selectors, { ...options, progress });
    });
}

const PRUNE_COLUMNS = ['destination', 'removed', 'left', 'refusal'];

function pruneRow({ destination, removed, left, kept = [], refusal, stopped }: PruneReport) {
  return { destination, removed, left, kept, refusal: refusal ?? null, stopped: stopped ?? null };
}

function isWhole({ refusal, stopped }: PruneReport): boolean {
  return refusal === undefined && stopped === undefined;
}

interface PruneCommandOptions {
  readonly afterDays?: number;
  readonly dryRun?: true;
}

async function pruneSelected(
  context: CommandContext,
  selectors: readonly string[],
  { afterDays, dryRun }: PruneCommandOptions,
): Promise<void> {
  const isDryRun = dryRun === true;
  const pruned = await withMirror(context, async ({ mirror, storage, signal }) => {
    const all = [];
    const { rules, selector } = await findRules(storage, selectors);
    for (const rule of rules) {
      all.push(await mirror.prune(rule, { afterDays, isDryRun, selector, signal }));
    }
    return all;
  });
  context.output.rows(pruned.map(pruneRow), PRUNE_COLUMNS);
  if (isDryRun) context.output.note('Nothing was removed: this was a dry run.');
  for (const { destination, kept = [], stopped } of pruned) {
    for (const tag of kept) {
      context.output.note(`kept: ${destination}:${tag}: it is no longer the image that vanished`);
    }
    if (stopped !== undefined) context.output.note(`${destination}: the prune stopped: ${stopped}`);
  }
  failWith(pruned.every(isWhole) ? EXIT.ok : EXIT.failed, 'some rules were not pruned');
}

export function registerMirrorRuns(mirror: Command, context: CommandContext): void {
  registerPlanAndSync(mirror, context);
  mirror
    .command(`prune ${SELECTORS}`)
    .description('Remove tags that vanished upstream, after their grace')
    .option('--after-days <days>', "instead of the rule's own grace, or 30 days", parseDays)
    .option('--dry-run', 'only say what would be removed')
    .action((selectors: readonly string[], options: PruneCommandOptions) =>
      pruneSelected(context, selectors, options),
    );
}
