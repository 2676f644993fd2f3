// A run that looks below unchanged tags too: a signature may come after its image, and a changed rule may
// want more of the same image. Once a day is enough, since it asks for referrers of every manifest.
import type { MirrorRule, MirrorRun } from '@portolan/storage';

const EVERY_MS = 24 * 3_600_000;

/** @param runs newest first */
export function isThoroughDue(rule: MirrorRule, runs: readonly MirrorRun[], now: number): boolean {
  const last = runs.find(
    ({ outcome, summary }) =>
      outcome === 'ok' && summary['isThorough'] && summary['isNarrowed'] !== true,
  );
  if (last === undefined) return true;
  return last.startedAt <= rule.updatedAt || last.startedAt + EVERY_MS <= now;
}
