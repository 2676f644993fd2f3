// Rules that are read out of another tool's file, in the form of our rules file, and what could not be
// taken over. Nothing is dropped without a word.

/** An entry of the rules file. */
export interface ImportedRule {
  readonly from: string;
  /** Absent is the default, `<upstream host>/<path>`. */
  readonly to?: string;
  readonly tags?: readonly string[];
  readonly digests?: readonly string[];
  readonly regex?: readonly string[];
  readonly semver?: string;
  readonly exclude?: readonly string[];
  readonly platforms?: readonly string[];
  readonly schedule?: string;
}

export type ConfigFormat = 'skopeo' | 'regsync' | 'lstags';

export interface ImportedConfig {
  readonly format: ConfigFormat;
  readonly rules: readonly ImportedRule[];
  /** What is wrong, and entries that no rule can say; each with its place in the file. */
  readonly problems: readonly string[];
  /** Settings that have no counterpart in a rule, such as credentials. */
  readonly notes: readonly string[];
}

type Selection = Pick<ImportedRule, 'tags' | 'digests' | 'regex' | 'semver'>;

function takesAll({ tags, digests, regex, semver }: Selection): boolean {
  return [tags, digests, regex].every((list) => (list ?? []).length === 0) && semver === undefined;
}

function union(a: readonly string[] | undefined, b: readonly string[] | undefined) {
  return [...new Set([...(a ?? []), ...(b ?? [])])];
}

function joinSelections(a: Selection, b: Selection): Selection {
  // All, and some of them once more.
  if (takesAll(a) || takesAll(b)) return {};
  const semver = union(
    a.semver === undefined ? [] : [a.semver],
    b.semver === undefined ? [] : [b.semver],
  );
  return {
    tags: union(a.tags, b.tags),
    digests: union(a.digests, b.digests),
    regex: union(a.regex, b.regex),
    ...(semver.length === 0 ? {} : { semver: semver.join(' || ') }),
  };
}

/** Without what says nothing, in the order of the keys above. */
function tidy(rule: ImportedRule): ImportedRule {
  const { from, to, tags, digests, regex, semver, exclude, platforms, schedule } = rule;
  const all = { from, to, tags, digests, regex, semver, exclude, platforms, schedule };
  const entries = Object.entries(all).filter(
    ([, value]) => value !== undefined && !(Array.isArray(value) && value.length === 0),
  );
  return Object.fromEntries(entries) as unknown as ImportedRule;
}

function rest({ exclude, platforms, schedule }: ImportedRule): string {
  return JSON.stringify([exclude ?? [], platforms ?? [], schedule ?? '']);
}

/** One rule for each destination: several entries for one repository are one rule here. */
export function mergeRules(rules: readonly ImportedRule[], problems: string[]): ImportedRule[] {
  const merged = new Map<string, ImportedRule>();
  for (const rule of rules) {
    const key = rule.to ?? rule.from;
    const other = merged.get(key);
    if (other === undefined) {
      merged.set(key, rule);
    } else if (other.from !== rule.from || rest(other) !== rest(rule)) {
      problems.push(`${rule.from}: writes to ${key} with other settings than an entry before it`);
    } else {
      const { from, to, exclude, platforms, schedule } = other;
      const kept = { from, to, exclude, platforms, schedule } as ImportedRule;
      merged.set(key, { ...kept, ...joinSelections(other, rule) });
    }
  }
  return [...merged.values()].map(tidy);
}
