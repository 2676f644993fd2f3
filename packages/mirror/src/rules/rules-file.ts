// The YAML file of `portolan mirror apply`: a list of rules, read as a whole or not at all, with every
// mistake in one message.
//
//   - from: docker.io/library/busybox
//     tags: [musl, '1.36']
//     semver: '>=1.36 <2'
//     schedule: '0 */6 * * *'
import { DomainError, nearestName, RepositoryName } from '@portolan/oci';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { mirrorError } from '../errors.ts';
import {
  destinationOf,
  parseUpstreamName,
  type UpstreamRepository,
} from '../names/upstream-name.ts';
import { yamlMistake } from '../skopeo/yaml-text.ts';
import { mistakeIn, mistakeWords } from './rule-mistakes.ts';
import { RULE_SETTINGS, type RuleSettings, withoutUndefined } from './rule-settings.ts';

/** A rule as it is asked for, by options or by file. */
export interface RequestedRule {
  readonly upstream: UpstreamRepository;
  readonly destination: RepositoryName;
  readonly settings: RuleSettings;
}

const RULE = z.strictObject({ from: z.string(), to: z.string().optional(), ...RULE_SETTINGS });
const MAX_BYTES = 4 * 1024 * 1024;
const PRUNE_KEYS = ['after_days', 'max_share'];

type RuleEntry = z.infer<typeof RULE>;

function parseDestination(text: string): RepositoryName {
  const destination = RepositoryName.parse(text);
  if (RepositoryName.namespace(destination) !== '') return destination;
  throw mirrorError('request-invalid', 'the destination is in no namespace', {
    destination,
    hint: `put it into one, such as mirror/${destination}`,
  });
}

/**
 * `from` may carry a tag or a digest, which is then one more that is listed.
 * @throws MirrorError `request-invalid`, DomainError `name-invalid`
 */
export function requestRule(
  from: string,
  to: string | undefined,
  settings: RuleSettings,
): RequestedRule {
  const { host, path, reference } = parseUpstreamName(from);
  const upstream = { host, path };
  const destination = to === undefined ? destinationOf(upstream) : parseDestination(to);
  if (reference === undefined) return { upstream, destination, settings };
  const listed =
    reference.kind === 'tag'
      ? { tags: [...new Set([...(settings.tags ?? []), reference.tag])] }
      : { digests: [...new Set([...(settings.digests ?? []), reference.digest])] };
  return { upstream, destination, settings: { ...settings, ...listed } };
}

function unknownKey(key: string, path: readonly PropertyKey[]): string {
  const known = path.length === 0 ? Object.keys(RULE.shape) : PRUNE_KEYS;
  const nearest = nearestName(key, known);
  const hint = nearest === undefined ? `known are ${known.join(', ')}` : `did you mean ${nearest}?`;
  return `unknown key ${key} (${hint})`;
}

function issueText(issue: z.core.$ZodIssue): string[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => unknownKey(key, issue.path));
  }
  const where = issue.path.join('.');
  return [where === '' ? issue.message : `${where}: ${issue.message}`];
}

function readEntry(entry: unknown): { rule?: RequestedRule; problems: string[] } {
  const parsed = RULE.safeParse(entry, { error: mistakeWords });
  if (!parsed.success) return { problems: parsed.error.issues.flatMap(issueText) };
  const { from, to, ...settings }: RuleEntry = parsed.data;
  try {
    const rule = requestRule(from, to, withoutUndefined(settings) as RuleSettings);
    return { rule, problems: [] };
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    return { problems: [mistakeIn(to ?? from, error)] };
  }
}

/** `rule 2 (docker.io/library/busybox)` */
function labelOf(entry: unknown, index: number): string {
  const from = typeof entry === 'object' && entry !== null && 'from' in entry && entry.from;
  return `rule ${index + 1}${typeof from === 'string' ? ` (${from.slice(0, 200)})` : ''}`;
}

function parseYaml(text: string): unknown {
  if (text.length > MAX_BYTES) throw mirrorError('request-invalid', 'the rules file is too large');
  // Without aliases beyond what a hand would write: a few lines of YAML can mean gigabytes.
  const document = parseDocument(text);
  const [first] = document.errors;
  if (first !== undefined) {
    throw mirrorError('request-invalid', `the rules file is not YAML: ${yamlMistake(first)}`);
  }
  return document.toJS({ maxAliasCount: 100 });
}

function entriesOf(document: unknown): readonly unknown[] {
  const isNamed = typeof document === 'object' && document !== null && 'rules' in document;
  const list: unknown = isNamed ? document.rules : document;
  if (Array.isArray(list)) return list;
  throw mirrorError('request-invalid', 'the rules file is not a list of rules', {
    hint: 'begin each rule with "- from: docker.io/library/busybox"',
  });
}

/** @throws MirrorError `request-invalid` */
export function parseRulesFile(text: string): readonly RequestedRule[] {
  const rules: RequestedRule[] = [];
  const mistakes: string[] = [];
  const taken = new Map<RepositoryName, string>();
  for (const [index, entry] of entriesOf(parseYaml(text)).entries()) {
    const label = labelOf(entry, index);
    const { rule, problems } = readEntry(entry);
    mistakes.push(...problems.map((problem) => `${label}: ${problem}`));
    if (rule === undefined) continue;
    const other = taken.get(rule.destination);
    if (other !== undefined) mistakes.push(`${label}: writes to ${rule.destination}, as ${other}`);
    taken.set(rule.destination, label);
    rules.push(rule);
  }
  if (mistakes.length === 0) return rules;
  throw mirrorError('request-invalid', `the rules file has mistakes:\n  ${mistakes.join('\n  ')}`);
}
