// How the rules stand (`portolan mirror status`), and what their runs have come to (`portolan mirror log`), as
// the database remembers it.
import type { MirrorRule, MirrorRun, MirrorTag } from '@portolan/storage';
import { runRow } from './mirror-run-row.ts';
import { optionalTimestamp, timestamp } from './timestamp.ts';

type Row = Readonly<Record<string, unknown>>;

export const STATUS_COLUMNS = [
  'destination',
  'tags',
  'vanished',
  'failing',
  'last',
  'at',
  'nextRun',
];

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
    at: optionalTimestamp(run?.startedAt),
    nextRun: optionalTimestamp(rule.nextRunAt),
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

export const TAG_COLUMNS = [
  'destination',
  'tag',
  'digest',
  'checked',
  'changed',
  'vanished',
  'error',
];

export function tagRow({ destination }: MirrorRule, tag: MirrorTag): Row {
  return {
    destination,
    tag: tag.name,
    digest: tag.digest ?? null,
    checked: timestamp(tag.checkedAt),
    changed: optionalTimestamp(tag.changedAt),
    vanished: optionalTimestamp(tag.vanishedAt),
    error: tag.error ?? null,
  };
}

export const LOG_COLUMNS = [
  'startedAt',
  'destination',
  'outcome',
  'counts',
  'size',
  'requests',
  'reason',
];

/** Of what is kept of a run, as far as it is shown. */
interface Counted {
  readonly counts?: Readonly<Record<string, number>>;
  readonly bytes?: number;
  readonly retryAt?: number;
  readonly listed?: number;
  readonly pruned?: readonly string[];
  readonly error?: { readonly code?: string; readonly message?: string };
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

/** The tags that went with a run; the table has no room for them. */
export function logNotes({ destination }: MirrorRule, { startedAt, summary }: MirrorRun): string[] {
  const { pruned = [] }: Counted = summary;
  return pruned.map((tag) => `pruned: ${destination}:${tag} (${timestamp(startedAt)})`);
}

export function logRow({ destination }: MirrorRule, run: MirrorRun): Row {
  const { startedAt, endedAt, outcome } = run;
  const summary: Counted = run.summary;
  const told = Object.entries(summary.counts ?? {}).filter(([, count]) => count > 0);
  return {
    ...runRow({ ...summary, startedAt, endedAt }),
    runId: run.id,
    destination,
    outcome,
    counts: Object.fromEntries(told),
    pruned: summary.pruned ?? [],
    reason: reasonOfRun(summary),
  };
}
