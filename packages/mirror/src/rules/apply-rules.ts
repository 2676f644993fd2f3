// Rules into the database: one that is new is made, one that says something else is changed.
import { DomainError } from '@portolan/oci';
import type { MirrorRule, MirrorRuleStore, StorageErrorCode } from '@portolan/storage';
import type { RequestedRule } from './rules-file.ts';
import { parseRuleSettings } from './rule-settings.ts';
import { nextRunAt } from './schedule.ts';

export interface ApplyDeps {
  readonly rules: MirrorRuleStore;
  readonly clock: () => number;
  readonly random: () => number;
  readonly actor: string;
}

export interface AppliedRule {
  readonly requested: RequestedRule;
  readonly change: 'created' | 'changed' | 'unchanged';
}

function spelled(settings: object): string {
  return JSON.stringify(Object.entries(settings).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** @throws StorageError `name-taken` when it would write where a rule for another upstream does */
function changeOf(
  { upstream, destination, settings }: RequestedRule,
  known: MirrorRule | undefined,
): AppliedRule['change'] {
  if (known === undefined) return 'created';
  if (known.upstream !== upstream.host || known.path !== upstream.path) {
    const other = `${known.upstream}/${known.path}`;
    throw new DomainError<StorageErrorCode>(
      'name-taken',
      `a rule writes to ${destination} already`,
      {
        upstream: other,
        hint: 'remove that rule, or choose another destination with --to',
      },
    );
  }
  const before = spelled(parseRuleSettings(known.settings));
  return before === spelled(settings) ? 'unchanged' : 'changed';
}

async function write(deps: ApplyDeps, { requested, change }: AppliedRule, known?: MirrorRule) {
  const { rules, clock, random, actor } = deps;
  const { upstream, destination } = requested;
  const settings = { ...requested.settings };
  const next = nextRunAt(settings.schedule, clock(), random);
  if (known !== undefined && change === 'changed') {
    await rules.update(known.id, { settings, nextRunAt: next }, actor);
  }
  if (known === undefined) {
    const { host, path } = upstream;
    const rule = { upstream: host, path, destination, settings, nextRunAt: next };
    await rules.create(rule, actor);
  }
}

/** All are looked at before the first is written. @throws StorageError `name-taken` */
export async function applyRules(
  deps: ApplyDeps,
  requested: readonly RequestedRule[],
  isDryRun: boolean,
): Promise<readonly AppliedRule[]> {
  const planned: { applied: AppliedRule; known: MirrorRule | undefined }[] = [];
  for (const rule of requested) {
    const known = await deps.rules.findByDestination(rule.destination);
    planned.push({ applied: { requested: rule, change: changeOf(rule, known) }, known });
  }
  if (!isDryRun) {
    for (const { applied, known } of planned) await write(deps, applied, known);
  }
  return planned.map(({ applied }) => applied);
}
