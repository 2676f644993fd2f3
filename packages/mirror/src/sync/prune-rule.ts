// Removes tags that have vanished upstream: only after their grace, only when the newest run was good
// and the repository is there, at most a share in one go, and each only after one more look. The tag history keeps
// where they pointed.
import { DomainError, reasonOf, type Reference, type Tag } from '@portolan/oci';
import type { MirrorRule, MirrorTag } from '@portolan/storage';
import type { SourceRepository } from '../places/place.ts';
import { parseRuleSettings } from '../rules/rule-settings.ts';
import { narrowingOf } from '../rules/select-rules.ts';
import type { ReferenceSelector } from '../selection/selectors.ts';
import { lastWholeRun, refusalByListing, refusalByRun } from './prune-refusal.ts';
import { deleteTag, isElsewhere, noteRemoved, splitMoved } from './pruned-tag.ts';
import { tagOfDigest } from './rule-images.ts';
import { withRunLease } from './run-lease.ts';
import type { SyncDeps } from './sync-deps.ts';

export interface PruneOptions {
  /** Instead of the rule's own grace. */
  readonly afterDays: number | undefined;
  readonly isDryRun: boolean;
  /** Only these tags. */
  readonly selector?: ReferenceSelector | undefined;
  readonly signal: AbortSignal;
}

export interface PruneReport {
  readonly destination: string;
  /** Removed, or in a dry run those that would be. */
  readonly removed: readonly Tag[];
  /** Past their grace, and left for the next time by the share. */
  readonly left: number;
  /** Why nothing was looked at. */
  readonly refusal: string | undefined;
  /** Gone there, and left here: they point to other content by now than what vanished. */
  readonly kept?: readonly Tag[] | undefined;
  /** What ended it early: `removed` is what went before, and the rest is still here. */
  readonly stopped?: string | undefined;
}

const DAY_MS = 24 * 3_600_000;
const DEFAULT_GRACE_DAYS = 30;
const DEFAULT_SHARE = 0.2;

function candidates(
  rule: MirrorRule,
  tags: readonly MirrorTag[],
  vanishedBefore: number,
): MirrorTag[] {
  const byDigest = new Set((parseRuleSettings(rule.settings).digests ?? []).map(tagOfDigest));
  return tags
    .filter(({ digest, name }) => digest !== undefined && !byDigest.has(name))
    .filter(({ vanishedAt = Infinity }) => vanishedAt <= vanishedBefore)
    .sort((a, b) => (a.vanishedAt ?? 0) - (b.vanishedAt ?? 0));
}

interface Prune extends PruneOptions {
  readonly deps: SyncDeps;
  readonly rule: MirrorRule;
}

/** Past their grace, longest gone first. */
async function findDue({ deps, rule, ...options }: Prune) {
  const { prune } = parseRuleSettings(rule.settings);
  const graceDays = options.afterDays ?? prune?.after_days ?? DEFAULT_GRACE_DAYS;
  const tags = await deps.stores.mirrorTags.list(rule.id);
  const isMeant = narrowingOf(rule, options.selector);
  const gone = candidates(rule, tags, deps.clock() - graceDays * DAY_MS).filter(
    ({ name }) => isMeant?.({ tag: name }) ?? true,
  );
  const { due, kept } = await splitMoved(deps, rule, gone);
  // One at least, or a small repository would never lose a tag.
  const held = tags.filter(({ digest }) => digest !== undefined).length;
  const most = Math.max(1, Math.floor(held * (prune?.max_share ?? DEFAULT_SHARE)));
  return { due, kept, most };
}

function refusedReport({ destination }: MirrorRule, refusal: string): PruneReport {
  return { destination, removed: [], left: 0, refusal };
}

/** What has been removed is told whatever happens after it: nothing here goes in silence. */
async function removeGone(
  { deps, rule, isDryRun, signal }: Prune,
  source: SourceRepository,
  due: readonly MirrorTag[],
): Promise<Pick<PruneReport, 'removed' | 'stopped'>> {
  const removed: Tag[] = [];
  try {
    for (const tag of due) {
      const reference: Reference = { kind: 'tag', tag: tag.name };
      if ((await source.head(reference, signal)) !== undefined) continue;
      signal.throwIfAborted();
      // It may have been moved while we asked.
      if (await isElsewhere(deps, rule, tag)) continue;
      const isHere = isDryRun || (await deleteTag(deps, rule, tag.name));
      if (isHere) removed.push(tag.name);
      if (!isDryRun) await noteRemoved(deps, rule, tag);
    }
  } catch (error) {
    return { removed, stopped: signal.aborted ? 'it was interrupted' : reasonOf(error) };
  }
  return { removed, stopped: undefined };
}

async function pruneHeld(held: Prune): Promise<PruneReport> {
  const { deps, rule, signal } = held;
  const { destination } = rule;
  const last = await lastWholeRun(deps, rule);
  const byRun = refusalByRun(last);
  if (byRun !== undefined) return refusedReport(rule, byRun);
  const { due, kept, most } = await findDue(held);
  if (due.length === 0) return { destination, removed: [], kept, left: 0, refusal: undefined };
  const source = await deps.openSource(rule);
  const byListing = await refusalByListing({ last, rule }, source, signal);
  if (byListing !== undefined) return refusedReport(rule, byListing);
  const done = await removeGone(held, source, due.slice(0, most));
  return { destination, ...done, kept, left: Math.max(0, due.length - most), refusal: undefined };
}

/** Never throws for what an upstream or another process does: other rules have their turn. */
export async function pruneRule(
  deps: SyncDeps,
  rule: MirrorRule,
  options: PruneOptions,
): Promise<PruneReport> {
  const { leases } = deps.stores;
  const lease = { leases, ruleId: rule.id, holder: deps.randomId(), waitMs: 0 };
  try {
    const report = await withRunLease(lease, options.signal, (signal) =>
      pruneHeld({ deps, rule, ...options, signal }),
    );
    return report ?? refusedReport(rule, 'another process runs the rule now; try again later');
  } catch (error) {
    if (options.signal.aborted) return refusedReport(rule, 'it was interrupted');
    if (!(error instanceof DomainError)) throw error;
    return refusedReport(rule, reasonOf(error));
  }
}
