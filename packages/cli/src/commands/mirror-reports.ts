// The answers of `portolan mirror`: rows for people and scripts, the sentences beside them, and the exit
// codes that both of them mean.
import type { PruneReport, QuotaPlan, RulePlan, RunReport, SyncedRule } from '@portolan/mirror';
import type { MirrorRule, MirrorRun, MirrorTag } from '@portolan/storage';
import { counted } from '../terminal/counted.ts';
import { EXIT, type ExitCode } from '../terminal/exit-codes.ts';
import { formatBytes } from '../terminal/format-bytes.ts';
import { timestamp } from './timestamp.ts';

type Row = Readonly<Record<string, unknown>>;

const HOUR_AND_MINUTE = { hour: '2-digit', minute: '2-digit', hour12: false } as const;

/** In the time zone of the reader: `14:20`. */
function clockTime(milliseconds: number): string {
  return new Date(milliseconds).toLocaleTimeString('en-GB', HOUR_AND_MINUTE);
}

function optionalTime(milliseconds: number | undefined): string | null {
  return milliseconds === undefined ? null : timestamp(milliseconds);
}

export const SYNC_COLUMNS = [
  'destination',
  'outcome',
  'copied',
  'unchanged',
  'failed',
  'missing',
  'vanished',
  'size',
];

export function syncRow({ report, pruned }: SyncedRule): Row {
  const { counts, startedAt, endedAt, retryAt, bytes, ...facts } = report;
  return {
    ...facts,
    ...counts,
    bytes,
    size: formatBytes(bytes),
    seconds: Math.round((endedAt - startedAt) / 100) / 10,
    startedAt: timestamp(startedAt),
    endedAt: timestamp(endedAt),
    retryAt: optionalTime(retryAt),
    pruned: pruned?.removed ?? [],
  };
}

function foundNothing({ counts, error, outcome }: RunReport): boolean {
  const found = Object.values(counts).reduce((sum, count) => sum + count, 0);
  return found === 0 && error === undefined && outcome === 'ok';
}

function hasCode({ error, errors }: RunReport, code: string): boolean {
  return error?.code === code || errors.some((result) => result.error?.code === code);
}

/** What was to be proven comes first, then what a second try later would cure. */
export function syncExitCode(synced: readonly SyncedRule[]): ExitCode {
  const reports = synced.map(({ report }) => report);
  if (reports.some((report) => hasCode(report, 'upstream-corrupt'))) return EXIT.verification;
  if (reports.some(({ outcome }) => outcome === 'limited')) return EXIT.limited;
  if (reports.some(({ outcome, isInterrupted }) => outcome !== 'ok' || isInterrupted)) {
    return EXIT.failed;
  }
  return reports.every(foundNothing) ? EXIT.notFound : EXIT.ok;
}

function isOnlyMissing({ outcome, counts, error }: RunReport): boolean {
  const isCut = error !== undefined || outcome === 'busy' || outcome === 'limited';
  return !isCut && counts.failed + counts.skipped === 0;
}

const LASTING: ReadonlySet<string> = new Set(['egress-refused', 'upstream-denied']);

/** Failed for reasons that time does not cure; what is skipped after one of them is, too. */
function isLasting({ outcome, error, errors }: RunReport): boolean {
  if (outcome === 'ok') return true;
  const codes = [error, ...errors.map((image) => image.error)].map((one) => one?.code);
  const known = codes.filter((code) => code !== undefined && code !== 'upstream-absent');
  return known.length > 0 && known.every((code) => code !== undefined && LASTING.has(code));
}

/** What went wrong as a whole, and whether the same command cures it. */
export function syncFailure(synced: readonly SyncedRule[]): string {
  const exitCode = syncExitCode(synced);
  if (exitCode === EXIT.notFound) return 'nothing was copied: no tag matches';
  if (exitCode === EXIT.verification) return 'what came did not match its digest, and was not kept';
  if (exitCode === EXIT.limited) return 'not everything is here; run it again later to go on';
  const reports = synced.map(({ report }) => report);
  const isInterrupted = reports.some((report) => report.isInterrupted);
  if (!isInterrupted && reports.every(isOnlyMissing)) {
    return 'some tags are not at their upstream; `portolan mirror show` says what a rule names';
  }
  if (!isInterrupted && reports.every(isLasting)) {
    return 'not everything is here, and another run changes nothing before what failed is seen to';
  }
  return 'not everything is here; run it again to go on';
}

/** What a table does not say. */
export function syncNotes(synced: readonly SyncedRule[]): string[] {
  return synced.flatMap(({ report, pruned }) => {
    const { destination, outcome, retryAt, counts } = report;
    const notes: string[] = [];
    if (outcome === 'limited' && retryAt !== undefined) {
      const left = counts.skipped + counts.failed;
      notes.push(
        `${destination}: the upstream's limit is reached; ${counted(left, 'image')} to go at ${clockTime(retryAt)}`,
      );
    }
    if (foundNothing(report)) {
      const nothing = report.isNarrowed ? 'its rule takes no tag that matches' : 'no tag matches';
      notes.push(`${destination}: ${nothing}`);
    }
    if (pruned?.refusal !== undefined) {
      notes.push(`${destination}: nothing is pruned: ${pruned.refusal}`);
    }
    return notes;
  });
}

/** "42 of 61 pulls now, the rest at 14:20" */
export function quotaText({ needed, now, limit, restAt }: QuotaPlan): string {
  if (now === needed) return `${needed} of ${limit} pulls`;
  const rest = restAt === undefined ? 'later' : `at ${clockTime(restAt)}`;
  return `${now} of ${needed} pulls now, the rest ${rest}`;
}

export const PLAN_COLUMNS = [
  'destination',
  'copy',
  'update',
  'unchanged',
  'missing',
  'failed',
  'size',
  'needs',
  'quota',
];

/** Without the manifests it is not known what lies below them. */
function needsText({ isMeasured, requests, pulls }: RulePlan): string {
  const needed = `${counted(requests, 'request')}, ${counted(pulls, 'pull')}`;
  return isMeasured ? needed : `at least ${needed}`;
}

function pullLimit(quota: QuotaPlan | undefined): Row | null {
  return quota === undefined ? null : { ...quota, restAt: optionalTime(quota.restAt) };
}

export function planRow(plan: RulePlan): Row {
  const { images, bytes, blobs, isMeasured, requests, pulls, quota } = plan;
  const count = (action: string): number => images.filter((one) => one.action === action).length;
  return {
    source: plan.source,
    destination: plan.destination,
    copy: count('copy'),
    update: count('update'),
    unchanged: count('unchanged'),
    missing: count('missing'),
    failed: count('failed'),
    bytes: bytes ?? null,
    size: bytes === undefined ? 'not measured' : formatBytes(bytes),
    blobs: blobs ?? null,
    isMeasured,
    requests,
    pulls,
    needs: needsText(plan),
    quota: quota === undefined ? null : quotaText(quota),
    pullLimit: pullLimit(quota),
    images,
    error: plan.error ?? null,
  };
}

export function planNotes(plans: readonly RulePlan[]): string[] {
  return plans.flatMap(({ destination, images, error: ofRule }) => {
    const notes = ofRule === undefined ? [] : [`failed: ${destination}: ${ofRule.message}`];
    if (ofRule === undefined && images.length === 0) notes.push(`${destination}: no tag matches`);
    for (const { tag, action, error } of images) {
      if (action === 'missing') notes.push(`missing: ${destination}:${tag}`);
      if (error !== undefined) notes.push(`failed: ${destination}:${tag}: ${error.message}`);
    }
    return notes;
  });
}

/** As the sync's that is planned. */
export function planExitCode(plans: readonly RulePlan[]): ExitCode {
  const images = plans.flatMap((plan) => plan.images);
  const errors = [...plans, ...images].map(({ error }) => error?.code);
  if (errors.includes('upstream-corrupt')) return EXIT.verification;
  if (errors.includes('upstream-limited')) return EXIT.limited;
  const hasProblem = images.some(({ action }) => action === 'failed' || action === 'missing');
  if (hasProblem || errors.some((code) => code !== undefined)) return EXIT.failed;
  return images.length === 0 ? EXIT.notFound : EXIT.ok;
}

export const STATUS_COLUMNS = ['destination', 'tags', 'vanished', 'failing', 'last', 'at', 'next'];

export function statusRow(
  rule: MirrorRule,
  tags: readonly MirrorTag[],
  run: MirrorRun | undefined,
): Row {
  return {
    destination: rule.destination,
    source: `${rule.upstream}/${rule.path}`,
    tags: tags.filter(({ digest }) => digest !== undefined).length,
    vanished: tags.filter(({ vanishedAt }) => vanishedAt !== undefined).length,
    failing: tags.filter(({ error }) => error !== undefined).length,
    last: run?.outcome ?? 'never run',
    at: optionalTime(run?.startedAt),
    next: optionalTime(rule.nextRunAt),
  };
}

const FAILURES_SHOWN = 3;

/** Why, where the table has a number. */
export function statusNotes(
  { destination }: MirrorRule,
  tags: readonly MirrorTag[],
  run: MirrorRun | undefined,
): string[] {
  const { error: ofRule }: Counted = run?.summary ?? {};
  const failing = tags.flatMap(({ name, error }) =>
    error === undefined ? [] : [`failing: ${destination}:${name}: ${error}`],
  );
  const rest = failing.length - FAILURES_SHOWN;
  return [
    ...(ofRule?.message === undefined ? [] : [`failed: ${destination}: ${ofRule.message}`]),
    ...failing.slice(0, FAILURES_SHOWN),
    ...(rest > 0 ? [`${destination}: ${rest} more fail; --tags shows them`] : []),
  ];
}

export const TAG_COLUMNS = ['tag', 'digest', 'checked', 'changed', 'vanished', 'error'];

export function tagRow({ destination }: MirrorRule, tag: MirrorTag): Row {
  return {
    destination,
    tag: `${destination}:${tag.name}`,
    digest: tag.digest ?? null,
    checked: timestamp(tag.checkedAt),
    changed: optionalTime(tag.changedAt),
    vanished: optionalTime(tag.vanishedAt),
    error: tag.error ?? null,
  };
}

export const LOG_COLUMNS = [
  'started',
  'destination',
  'outcome',
  'counts',
  'size',
  'requests',
  'error',
];

/** Of what is kept of a run, as far as it is shown. */
interface Counted {
  readonly counts?: Readonly<Record<string, number>>;
  readonly bytes?: number;
  readonly error?: { readonly message?: string };
  readonly errors?: readonly { readonly tag?: string; readonly error?: { message?: string } }[];
}

/** Of the rule as a whole, or else of its first tag that failed. */
function reasonOfRun({ error, errors = [] }: Counted): string | null {
  if (error?.message !== undefined) return error.message;
  const [first, ...others] = errors;
  if (first?.error?.message === undefined) return null;
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
  return `${first.tag ?? ''}: ${first.error.message}${more}`;
}

export function logRow({ destination }: MirrorRule, run: MirrorRun): Row {
  const { startedAt, endedAt, outcome, summary } = run;
  const { counts = {}, bytes }: Counted = summary;
  const told = Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
  return {
    ...summary,
    started: timestamp(startedAt),
    ended: optionalTime(endedAt),
    destination,
    outcome,
    counts: told,
    size: bytes === undefined ? null : formatBytes(bytes),
    requests: summary['requests'] ?? null,
    error: reasonOfRun(summary),
  };
}

export const PRUNE_COLUMNS = ['destination', 'removed', 'left', 'refusal'];

export function pruneRow({ destination, removed, left, refusal }: PruneReport): Row {
  return { destination, removed, left, refusal: refusal ?? null };
}
