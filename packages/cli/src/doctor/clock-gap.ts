// By how much the clock here and that of the server differ, as far as the Date of an answer tells.
import { counted } from '../terminal/counted.ts';
import type { ServerAnswer } from '../connection/named-request.ts';

export const SECOND_MS = 1000;
/** Beyond this a fresh token is not valid yet, or not any more. */
export const LEEWAY_MS = 60 * SECOND_MS;

const UNITS = [
  ['day', 24 * 60 * 60 * SECOND_MS],
  ['hour', 60 * 60 * SECOND_MS],
  ['minute', 60 * SECOND_MS],
] as const;

/** By the clock here. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Positive where the clock here is ahead; undefined where the server tells no time. */
export function clockGap(
  { headers }: Pick<ServerAnswer, 'headers'>,
  { from, to }: Span,
): number | undefined {
  const date = Date.parse(headers.get('date') ?? '');
  if (Number.isNaN(date)) return undefined;
  // The header has whole seconds, and was written somewhere between.
  if (date > to) return to - date;
  return Math.max(0, from - SECOND_MS - date);
}

/** Whole units from two on, so that nothing much is rounded away. */
function formatSpan(milliseconds: number): string {
  const [unit, length] = UNITS.find(([, ms]) => milliseconds >= 2 * ms) ?? ['second', SECOND_MS];
  return counted(Math.round(milliseconds / length), unit);
}

export function describeGap(gapMs: number): string {
  if (Math.abs(gapMs) < SECOND_MS / 2) return 'both say the same';
  const span = formatSpan(Math.abs(gapMs));
  return gapMs > 0
    ? `the clock here is ${span} ahead of the server's`
    : `the clock of the server is ${span} ahead of the one here`;
}
