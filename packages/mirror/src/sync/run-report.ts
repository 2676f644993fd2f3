// What a run of a rule has done: shown to people, kept as the run's summary, and judged by exit codes.
import { DomainError, reasonOf } from '@portolan/oci';
import type { MirrorRule, MirrorRunOutcome } from '@portolan/storage';
import { type SourceCounts, totalRequests } from './counting-source.ts';

export type ImageStatus =
  | 'copied'
  | 'unchanged'
  /** Was checked a moment ago. */
  | 'fresh'
  /** Listed in the rule, and never seen. */
  | 'missing'
  /** Was there, and is no more. */
  | 'vanished'
  | 'failed'
  /** Not reached: the run has ended before. */
  | 'skipped';

export interface ImageResult {
  readonly tag: string;
  readonly status: ImageStatus;
  readonly digest?: string;
  /** Fetched. */
  readonly bytes?: number;
  readonly error?: { readonly code: string; readonly message: string };
}

export interface RunReport {
  /** In the history of runs; undefined of one that did not begin, or only would. */
  readonly runId?: number;
  readonly source: string;
  readonly destination: string;
  /** `busy`: another process runs the rule. */
  readonly outcome: Exclude<MirrorRunOutcome, 'running'> | 'busy';
  readonly counts: Readonly<Record<ImageStatus, number>>;
  readonly bytes: number;
  readonly requests: number;
  readonly pulls: number;
  readonly startedAt: number;
  readonly endedAt: number;
  /** Tags that the upstream has; undefined when they were not listed. */
  readonly listed: number | undefined;
  readonly isThorough: boolean;
  readonly isInterrupted: boolean;
  /** Some images of the rule alone were asked for. */
  readonly isNarrowed: boolean;
  /** When a limited run goes on. */
  readonly retryAt: number | undefined;
  /** Of the rule itself, such as a listing that failed. */
  readonly error: { readonly code: string; readonly message: string } | undefined;
  readonly errors: readonly ImageResult[];
}

const NO_COUNTS: Readonly<Record<ImageStatus, number>> = {
  copied: 0,
  unchanged: 0,
  fresh: 0,
  missing: 0,
  vanished: 0,
  failed: 0,
  skipped: 0,
};

const MAX_ERRORS = 200;
/** For a limit that does not say when it ends. */
const DEFAULT_RETRY_MS = 3_600_000;

function countResults(results: readonly ImageResult[]): RunReport['counts'] {
  const counts = { ...NO_COUNTS };
  for (const { status } of results) counts[status]++;
  return counts;
}

/** With what to do about it: status and log are read long after the run. */
export function errorFacts(error: unknown): { code: string; message: string } {
  const message = reasonOf(error);
  return { code: error instanceof DomainError ? error.code : 'unexpected', message };
}

/** A tag that the rule names and that never was there is a failure; one that vanished is news. */
function outcomeOf(counts: RunReport['counts']): 'ok' | 'partial' | 'failed' {
  if (counts.failed + counts.missing + counts.skipped === 0) return 'ok';
  const good = counts.copied + counts.unchanged + counts.fresh + counts.vanished;
  return good > 0 ? 'partial' : 'failed';
}

function retryAtOf(stop: DomainError | undefined, now: number): number | undefined {
  if (stop?.code !== 'upstream-limited') return undefined;
  const { retryAt } = stop.detail;
  return typeof retryAt === 'number' && retryAt > now ? retryAt : now + DEFAULT_RETRY_MS;
}

type Known = 'listed' | 'isThorough' | 'isInterrupted' | 'isNarrowed';

export interface RunFacts extends Pick<RunReport, Known> {
  readonly span: { readonly startedAt: number; readonly endedAt: number };
  readonly results: readonly ImageResult[];
  readonly counts: SourceCounts | undefined;
  /** Why the host gets no more requests. */
  readonly stop: DomainError | undefined;
  /** Of the rule itself; undefined when its images were reached. */
  readonly error: unknown;
}

export function makeReport(rule: MirrorRule, facts: RunFacts): RunReport {
  const { span, results, counts: asked, error } = facts;
  const { listed, isThorough, isInterrupted, isNarrowed } = facts;
  const counts = countResults(results);
  const isCut = error !== undefined || counts.skipped + counts.failed > 0;
  const retryAt = isCut ? retryAtOf(facts.stop, span.endedAt) : undefined;
  const outcome = error === undefined ? outcomeOf(counts) : 'failed';
  return {
    source: `${rule.upstream}/${rule.path}`,
    destination: rule.destination,
    outcome: retryAt === undefined ? outcome : 'limited',
    counts,
    bytes: results.reduce((sum, { bytes = 0 }) => sum + bytes, 0),
    requests: asked === undefined ? 0 : totalRequests(asked),
    pulls: asked?.pulls ?? 0,
    ...span,
    listed,
    isThorough,
    isInterrupted,
    isNarrowed,
    retryAt,
    error: error === undefined ? undefined : errorFacts(error),
    errors: results.filter((result) => result.error !== undefined).slice(0, MAX_ERRORS),
  };
}

/** What the history keeps, beside what it has of each run anyway. */
export function summaryOf(report: RunReport): Readonly<Record<string, unknown>> {
  const { source: _source, destination: _destination, outcome: _outcome, ...summary } = report;
  return summary;
}

export function busyReport(rule: MirrorRule, now: number): RunReport {
  const report = makeReport(rule, {
    span: { startedAt: now, endedAt: now },
    results: [],
    counts: undefined,
    listed: undefined,
    isThorough: false,
    isInterrupted: false,
    isNarrowed: false,
    stop: undefined,
    error: undefined,
  });
  return { ...report, outcome: 'busy' };
}
