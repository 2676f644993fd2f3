// As much of a rule's history as decides something: how its last runs went, and which of them were killed.
import type { MirrorRule, MirrorRun } from '@portolan/storage';
import type { SyncDeps } from './sync-deps.ts';

const RUNS_LOOKED_AT = 100;

/** The newest first. */
export function recentRuns(
  { stores }: Pick<SyncDeps, 'stores'>,
  rule: MirrorRule,
): Promise<readonly MirrorRun[]> {
  return stores.mirrorRuns.list(rule.id, RUNS_LOOKED_AT);
}
