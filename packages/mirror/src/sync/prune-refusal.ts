// Why tags that have vanished are not pruned now. A registry that has lost a repository, or all of its
// database, says of every tag that it is gone; nothing is removed here because of that.
import { DomainError, reasonOf } from '@portolan/oci';
import type { MirrorRule, MirrorRun } from '@portolan/storage';
import type { SourceRepository } from '../places/place.ts';
import { parseRuleSettings } from '../rules/rule-settings.ts';
import { recentRuns } from './recent-runs.ts';
import type { SyncDeps } from './sync-deps.ts';

/** The newest that has ended, of the whole rule. */
export async function lastWholeRun(
  deps: SyncDeps,
  rule: MirrorRule,
): Promise<MirrorRun | undefined> {
  const runs = await recentRuns(deps, rule);
  return runs.find(
    ({ outcome, summary }) => outcome !== 'running' && summary['isNarrowed'] !== true,
  );
}

/** Undefined when the run went well, as far as it has looked. */
export function refusalByRun(last: MirrorRun | undefined): string | undefined {
  if (last === undefined) return 'the rule has never run';
  if (last.outcome !== 'ok') return `its last run was ${last.outcome}`;
  return last.summary['listed'] === 0 ? 'the upstream listed no tags' : undefined;
}

/** Whether the run proves that the repository was there: it was listed, or had one of the images. */
function sawTheRepository({ summary, startedAt }: MirrorRun, rule: MirrorRule): boolean {
  if (typeof summary['listed'] === 'number') return true;
  // An image that is chosen by digest and here already counts as well, and nobody was asked for it. Of what
  // the run was told to do, a rule that has changed since says nothing.
  const { digests = [] } = parseRuleSettings(rule.settings);
  if (digests.length > 0 || rule.updatedAt >= startedAt) return false;
  const counts = (summary['counts'] ?? {}) as Readonly<Record<string, number | undefined>>;
  // What was fresh was not asked for.
  return (counts['copied'] ?? 0) + (counts['unchanged'] ?? 0) > 0;
}

/**
 * A rule whose tags are all listed in it needs no listing to run; when its run does not prove that the
 * repository is there, one does.
 */
export async function refusalByListing(
  { last, rule }: { readonly last: MirrorRun | undefined; readonly rule: MirrorRule },
  source: SourceRepository,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (last !== undefined && sawTheRepository(last, rule)) return undefined;
  try {
    const tags = await source.tags(signal);
    return tags.length === 0 ? 'the upstream lists no tags' : undefined;
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof DomainError)) throw error;
    return `its repository at the upstream may be gone, and cannot be listed: ${reasonOf(error)}`;
  }
}
