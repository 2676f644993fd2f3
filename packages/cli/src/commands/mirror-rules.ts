// `portolan mirror add|apply|import-config|list|show|remove`: which repositories are mirrored.
import type { AppliedRule, RequestedRule } from '@portolan/mirror';
import { DomainError, RepositoryName, UpstreamHost } from '@portolan/oci';
import type { MirrorRule, Storage } from '@portolan/storage';
import type { Command } from 'commander';
import type { CommandContext } from './context.ts';
import { addRuleOptions, readRuleOptions, type RuleOptions } from './mirror-rule-options.ts';
import { readNamedFile } from './named-file.ts';
import { optionalTimestamp, timestamp } from './timestamp.ts';
import { withStores } from './with-accounts.ts';
import { findOneRule, findRules } from './with-mirror.ts';

interface DryRunOption {
  readonly dryRun?: true;
}

function ruleRow(rule: MirrorRule) {
  const { upstream, path, destination, settings, nextRunAt, createdAt, updatedAt } = rule;
  return {
    destination,
    source: `${upstream}/${path}`,
    ...settings,
    nextRun: optionalTimestamp(nextRunAt),
    created: timestamp(createdAt),
    updated: timestamp(updatedAt),
  };
}

/** What it takes, in a few words; a table has no room for all keys. */
function selectionOf({ settings }: MirrorRule): string {
  const keys = ['tags', 'digests', 'regex', 'semver', 'exclude', 'newest', 'platforms'] as const;
  const said = keys
    .filter((key) => settings[key] !== undefined)
    .map((key) => `${key} ${String(settings[key])}`);
  return said.length === 0 ? 'all tags' : said.join('; ');
}

function listRow(rule: MirrorRule) {
  const { schedule } = rule.settings;
  return { ...ruleRow(rule), selection: selectionOf(rule), schedule: schedule ?? null };
}

function appliedRow({ requested, change }: AppliedRule) {
  const { upstream, destination, settings } = requested;
  return { destination, source: `${upstream.host}/${upstream.path}`, change, ...settings };
}

/** Empty ones that were somebody's own until now; of others nothing is to be said. */
async function findTakenNamespaces(
  storage: Storage,
  rules: readonly RequestedRule[],
): Promise<readonly string[]> {
  const names = new Set(rules.map(({ destination }) => RepositoryName.namespace(destination)));
  const found = await Promise.all([...names].map((name) => storage.namespaces.find(name)));
  return found.flatMap((known) => (known?.kind === 'team' && !known.isMirror ? [known.name] : []));
}

async function apply(
  context: CommandContext,
  storage: Storage,
  { rules, isDryRun }: { rules: readonly RequestedRule[]; isDryRun: boolean },
): Promise<readonly AppliedRule[]> {
  const { applyRules } = await import('@portolan/mirror');
  const { clock, actor } = context;
  const deps = { rules: storage.mirrorRules, clock, random: Math.random, actor };
  const taken = await findTakenNamespaces(storage, rules);
  const applied = await applyRules(deps, rules, isDryRun);
  for (const name of taken) {
    const change = isDryRun ? 'would become a mirror, if it is empty' : 'is a mirror now';
    context.output.note(`The namespace '${name}' ${change}: nobody pushes to it any more.`);
  }
  if (isDryRun) context.output.note('Nothing was written: this was a dry run.');
  return applied;
}

/** `-` is stdin. */
function readText(context: CommandContext, file: string): Promise<string> {
  if (file === '-') return context.readStdin();
  return readNamedFile(file, { refused: 'Or let your shell read it: - <FILE' });
}

/** `quay.io` looks like a registry, and is a short name of Docker Hub's all the same, as docker has it. */
function noteReading({ output }: CommandContext, from: string, { upstream }: RequestedRule): void {
  const source = `${upstream.host}/${upstream.path}`;
  if (from.includes('/') || UpstreamHost.named(from.replace(/[:@].*$/, '')) === undefined) return;
  output.note(`'${from}' is read as ${source}. A repository at a registry is HOST/NAME.`);
}

async function addRule(
  context: CommandContext,
  from: string,
  options: RuleOptions & DryRunOption,
): Promise<void> {
  const { requestRule } = await import('@portolan/mirror');
  const requested = requestRule(from, options.to, await readRuleOptions(options));
  noteReading(context, from, requested);
  await withStores(context, async (storage) => {
    const isDryRun = options.dryRun === true;
    const [applied] = await apply(context, storage, { rules: [requested], isDryRun });
    if (applied?.change === 'changed') {
      const verb = isDryRun ? 'would be' : 'is';
      context.output.note(
        `The rule for '${requested.destination}' ${verb} replaced as a whole: what is not named now is gone.`,
      );
    }
    const rule = await storage.mirrorRules.findByDestination(requested.destination);
    if (rule !== undefined && !isDryRun) context.output.record(ruleRow(rule));
    else if (applied !== undefined) context.output.record(appliedRow(applied));
  });
}

const APPLIED_COLUMNS = ['destination', 'source', 'change'];

async function applyFile(
  context: CommandContext,
  rules: readonly RequestedRule[],
  isDryRun: boolean,
): Promise<void> {
  await withStores(context, async (storage) => {
    const applied = await apply(context, storage, { rules, isDryRun });
    context.output.rows(applied.map(appliedRow), APPLIED_COLUMNS);
  });
}

interface ImportOptions extends DryRunOption {
  readonly apply?: true;
}

/** Rules are shown as a file that `apply` takes, or applied at once. */
async function importConfigFile(context: CommandContext, file: string, options: ImportOptions) {
  const { importConfig, parseRulesFile } = await import('@portolan/mirror');
  const { stringify } = await import('yaml');
  const { format, rules, problems, notes } = importConfig(await readText(context, file));
  if (problems.length > 0) {
    const text = `the ${format} file cannot be taken over as it is:\n  ${problems.join('\n  ')}`;
    throw new DomainError('request-invalid', text);
  }
  for (const note of notes) context.output.note(note);
  const yaml = stringify(rules);
  const requested = parseRulesFile(yaml);
  if (options.apply === true) await applyFile(context, requested, options.dryRun === true);
  else context.output.report({ rules }, () => yaml);
}

function registerFiles(mirror: Command, context: CommandContext): void {
  mirror
    .command('apply <file>')
    .description('Make or change the rules of a YAML file (- is stdin); others stay as they are')
    .option('--dry-run', 'only say what would change')
    .action(async (file: string, { dryRun }: DryRunOption) => {
      const { parseRulesFile } = await import('@portolan/mirror');
      const rules = parseRulesFile(await readText(context, file));
      await applyFile(context, rules, dryRun === true);
    });
  mirror
    .command('import-config <file>')
    .description("Read skopeo's, regsync's or lstags' file (- is stdin) and print it as rules")
    .option('--apply', 'make the rules instead')
    .option('--dry-run', 'with --apply, only say what would change')
    .action((file: string, options: ImportOptions) => importConfigFile(context, file, options));
}

function registerReads(mirror: Command, context: CommandContext): void {
  mirror
    .command('list [selector...]')
    .description('List the rules')
    .action((selectors: readonly string[]) =>
      withStores(context, async (storage) => {
        const rules =
          selectors.length === 0
            ? await storage.mirrorRules.list()
            : (await findRules(storage, selectors)).rules;
        const columns = ['destination', 'source', 'selection', 'schedule', 'nextRun'];
        context.output.rows(rules.map(listRow), columns);
      }),
    );
  mirror
    .command('show <rule>')
    .description('Show a rule')
    .action((selector: string) =>
      withStores(context, async (storage) => {
        context.output.record(ruleRow(await findOneRule(storage, selector)));
      }),
    );
}

function registerRemove(mirror: Command, context: CommandContext): void {
  mirror
    .command('remove <rule>')
    .description('Remove a rule; what it has copied stays')
    .option('--dry-run', 'only say what would be removed')
    .action((selector: string, { dryRun }: DryRunOption) =>
      withStores(context, async (storage) => {
        const rule = await findOneRule(storage, selector);
        if (dryRun !== true) await storage.mirrorRules.delete(rule.id, context.actor);
        const { destination } = rule;
        const verb = dryRun === true ? 'would be' : 'is';
        context.output.done(
          { destination, isRemoved: dryRun !== true },
          `The rule for '${destination}' ${verb} removed, and its log; its images stay.`,
        );
      }),
    );
}

export function registerMirrorRules(mirror: Command, context: CommandContext): void {
  addRuleOptions(
    mirror
      .command('add <from>')
      .description(
        'Mirror a repository, or change the rule for it: docker.io/library/busybox[:tag]',
      )
      .option('--dry-run', 'only say what would change'),
  ).action((from: string, options: RuleOptions & DryRunOption) => addRule(context, from, options));
  registerFiles(mirror, context);
  registerReads(mirror, context);
  registerRemove(mirror, context);
}
