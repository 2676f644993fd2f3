// What came of `portolan mirror sync`: rows for people and scripts, the sentences beside them, and the exit
// code that both of them mean.
import type { PruneReport, RunReport, SyncedRule } from '@portolan/mirror';
import { clockTime } from '../terminal/clock-time.ts';
import { counted } from '../terminal/counted.ts';
import { EXIT, type ExitCode } from '../terminal/exit-codes.ts';
import { runRow } from './mirror-run-row.ts';

type Row = Readonly<Record<string, unknown>>;

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
  return { ...runRow(report), pruned: pruned?.removed ?? [] };
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

const LASTING: ReadonlySet<string> = new Set([
  'egress-refused',
  'request-invalid',
  'secret-unreadable',
  'upstream-absent',
  'upstream-denied',
  'upstream-unexpected',
  'upstream-untrusted',
]);

/** Failed for reasons that time does not cure; what is skipped after one of them is, too. */
function isLasting(report: RunReport): boolean {
  const { outcome, error, errors } = report;
  if (outcome === 'ok' || isOnlyMissing(report)) return true;
  const codes = [error, ...errors.map((image) => image.error)].flatMap((one) => one?.code ?? []);
  return codes.length > 0 && codes.every((code) => LASTING.has(code));
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

/** Each by its name: nothing here is removed in silence. */
function pruneNotes({ destination, removed, left, refusal, stopped }: PruneReport): string[] {
  if (refusal !== undefined) return [`${destination}: nothing is pruned: ${refusal}`];
  const rest = left === 0 ? [] : [`${destination}: ${left} more to prune, by the next runs`];
  const early = stopped === undefined ? [] : [`${destination}: the prune stopped: ${stopped}`];
  return [...removed.map((tag) => `pruned: ${destination}:${tag}`), ...early, ...rest];
}

/** A limit that was met before the images were known leaves nobody knows how many. */
function limitNote({ destination, counts }: RunReport, retryAt: number): string {
  const left = counts.skipped + counts.failed;
  const reached = `${destination}: the upstream's limit is reached`;
  const time = clockTime(retryAt);
  if (left > 0) return `${reached}; ${counted(left, 'image')} to go at ${time}`;
  return `${reached} before its images were known; they can be asked for at ${time}`;
}

/** What a table does not say. */
export function syncNotes(synced: readonly SyncedRule[]): string[] {
  return synced.flatMap(({ report, pruned }) => {
    const { destination, outcome, retryAt } = report;
    const notes: string[] = [];
    if (outcome === 'limited' && retryAt !== undefined) notes.push(limitNote(report, retryAt));
    if (foundNothing(report)) {
      const nothing = report.isNarrowed ? 'its rule takes no tag that matches' : 'no tag matches';
      notes.push(`${destination}: ${nothing}`);
    }
    if (pruned !== undefined) notes.push(...pruneNotes(pruned));
    return notes;
  });
}
