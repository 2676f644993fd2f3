// Rules from regsync's file. Its expressions are anchored, ours are not; its targets name a registry,
// ours is this one; what it does around a copy (hooks, backup tags) has no counterpart.
import { DomainError, RepositoryName } from '@portolan/oci';
import { mirrorError } from '../errors.ts';
import { formatUpstreamName, parseUpstreamName } from '../names/upstream-name.ts';
import { parseSchedule } from '../rules/schedule.ts';
import { parseExpression } from '../selection/expression.ts';
import { parsePlatform } from '../selection/platform.ts';
import { parseRange } from '../selection/version.ts';
import { type ImportedConfig, type ImportedRule, mergeRules } from './imported-rules.ts';
import { cronOfInterval } from './interval.ts';
import { isMap, unknownKeys, type YamlMap } from './yaml-text.ts';

/** Read here, or the same as what happens anyway. */
const ENTRY_KEYS = [
  'source',
  'target',
  'type',
  'tags',
  'tagSets',
  'platform',
  'platforms',
  'schedule',
  'interval',
  'referrers',
  'digestTags',
  'fastCopy',
  'forceRecursive',
];
const TAG_KEYS = ['allow', 'deny', 'semverRange'];
const DEFAULT_KEYS = ['schedule', 'interval', 'parallel', 'referrers', 'digestTags', 'fastCopy'];

interface Entry {
  readonly entry: YamlMap;
  readonly defaults: YamlMap;
  /** `sync[2]`. */
  readonly path: string;
  readonly problems: string[];
  readonly notes: string[];
}

function words(value: unknown): readonly string[] {
  if (value === undefined || value === '') return [];
  return (Array.isArray(value) ? value : [value]).map(String);
}

function anchored(expressions: readonly string[]): string[] {
  return expressions.map((text) => {
    parseExpression(text);
    return `^(?:${text})$`;
  });
}

type Tags = Pick<ImportedRule, 'regex' | 'semver' | 'exclude'>;

function readTagSets({ entry, path, problems, notes }: Entry): Tags {
  const sets = [entry['tags'], ...(Array.isArray(entry['tagSets']) ? entry['tagSets'] : [])];
  const maps = (sets as readonly unknown[]).filter(isMap);
  for (const key of maps.flatMap((set) => unknownKeys(set, TAG_KEYS))) {
    notes.push(`${path}.tags.${key}: has no counterpart`);
  }
  const ranges = maps.flatMap((set) => words(set['semverRange']));
  ranges.forEach(parseRange);
  const exclude = anchored(maps.flatMap((set) => words(set['deny'])));
  if (exclude.length > 0 && maps.length > 1) {
    problems.push(`${path}.tagSets: a deny of one set is one of all of them here`);
  }
  const regex = anchored(maps.flatMap((set) => words(set['allow'])));
  return { regex, exclude, ...(ranges.length === 0 ? {} : { semver: ranges.join(' || ') }) };
}

function readSchedule({ entry, defaults, path, notes }: Entry): string | undefined {
  const schedule = entry['schedule'] ?? (entry['interval'] ? undefined : defaults['schedule']);
  if (typeof schedule === 'string' && schedule !== '') {
    parseSchedule(schedule);
    return schedule;
  }
  const interval = entry['interval'] ?? defaults['interval'];
  if (typeof interval !== 'string' || interval === '') return undefined;
  const cron = cronOfInterval(interval);
  if (cron === undefined) {
    notes.push(`${path}.interval: cron cannot say every ${interval}; give a schedule`);
  }
  return cron;
}

function readPlatforms({ entry, path, notes }: Entry): readonly string[] {
  const single = words(entry['platform']);
  if (single.length > 0) {
    notes.push(`${path}.platform: the index is kept, with this platform alone below it`);
  }
  const platforms = [...single, ...words(entry['platforms'])];
  platforms.forEach(parsePlatform);
  return platforms;
}

function readName(value: unknown, what: string) {
  if (typeof value !== 'string' || value === '') {
    throw mirrorError('request-invalid', `${what} is missing`);
  }
  if (value.includes('{{')) throw mirrorError('request-invalid', `${what} is a template`);
  if (value.startsWith('ocidir://')) {
    throw mirrorError('request-invalid', `${what} is a directory; use \`portolan bundle\``);
  }
  return parseUpstreamName(value);
}

/** A target at Docker Hub's name is one without a host. */
function destinationOfTarget({ host, path }: ReturnType<typeof readName>, hosts: Set<string>) {
  hosts.add(host);
  return RepositoryName.parse(path);
}

function readEntry(given: Entry, hosts: Set<string>): ImportedRule {
  const { entry, path, notes } = given;
  const type = entry['type'];
  if (type !== 'image' && type !== 'repository') {
    throw mirrorError('request-invalid', `type ${String(type)} has no counterpart`);
  }
  for (const key of unknownKeys(entry, ENTRY_KEYS)) {
    notes.push(`${path}.${key}: has no counterpart`);
  }
  const { reference, ...upstream } = readName(entry['source'], 'source');
  const target = readName(entry['target'], 'target');
  const common = {
    from: formatUpstreamName(upstream),
    to: destinationOfTarget(target, hosts),
    platforms: readPlatforms(given),
  };
  const schedule = readSchedule(given);
  const timed = schedule === undefined ? common : { ...common, schedule };
  if (type === 'repository') return { ...timed, ...readTagSets(given) };
  const tag = reference?.kind === 'tag' ? reference.tag : undefined;
  const targetTag = target.reference?.kind === 'tag' ? target.reference.tag : undefined;
  if (targetTag !== undefined && targetTag !== (tag ?? 'latest')) {
    throw mirrorError('request-invalid', `a tag keeps its name here: not ${targetTag}`);
  }
  if (reference?.kind === 'digest') return { ...timed, digests: [reference.digest] };
  return { ...timed, tags: [tag ?? 'latest'] };
}

function readTopLevel(document: YamlMap, notes: string[]): void {
  const known = ['version', 'creds', 'defaults', 'sync'];
  const others = unknownKeys(document, known).filter((key) => !key.startsWith('x-'));
  notes.push(...others.map((key) => `${key}: is not regsync's`));
  const creds = Array.isArray(document['creds']) ? (document['creds'] as unknown[]) : [];
  for (const entry of creds) {
    const registry = isMap(entry) ? String(entry['registry']) : '?';
    notes.push(`creds: not taken over; set them for the upstream ${registry}`);
  }
}

export function importRegsync(document: YamlMap): ImportedConfig {
  const problems: string[] = [];
  const notes: string[] = [];
  readTopLevel(document, notes);
  const defaults = isMap(document['defaults']) ? document['defaults'] : {};
  for (const key of unknownKeys(defaults, DEFAULT_KEYS)) {
    notes.push(`defaults.${key}: has no counterpart`);
  }
  const entries = Array.isArray(document['sync']) ? (document['sync'] as unknown[]) : [];
  if (entries.length === 0) problems.push('sync: is not a list of entries');
  const rules: ImportedRule[] = [];
  const hosts = new Set<string>();
  for (const [i, entry] of entries.entries()) {
    const path = `sync[${i}]`;
    try {
      if (!isMap(entry)) throw mirrorError('request-invalid', 'is not a map');
      rules.push(readEntry({ entry, defaults, path, problems, notes }, hosts));
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      problems.push(`${path}: ${error.message}`);
    }
  }
  if (hosts.size > 1) {
    notes.push(`sync: targets are at ${[...hosts].join(', ')}; rules write to this registry only`);
  }
  return { format: 'regsync', rules: mergeRules(rules, problems), problems, notes };
}
