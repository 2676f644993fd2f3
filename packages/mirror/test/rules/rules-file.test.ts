import { describe, expect, it } from 'vitest';
import { parseRuleSettings } from '../../src/rules/rule-settings.ts';
import { parseRulesFile } from '../../src/rules/rules-file.ts';
import { nextRunAt } from '../../src/rules/schedule.ts';

function mistakesOf(text: string): string {
  try {
    parseRulesFile(text);
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

describe('a rules file', () => {
  it('has rules with all that options have', () => {
    const [first, second] = parseRulesFile(`
- from: busybox
  tags: [musl, '1.36']
  semver: '>=1.36 <2'
  exclude: '-rc'
  newest: 5
  platforms: [linux/amd64, linux/arm64]
  schedule: '0 */6 * * *'
  referrers: false
  prune: { after_days: 14, max_share: 10% }
- from: quay.io/coreos/etcd:v3.1
  to: mirror/etcd
`);
    expect(first).toEqual({
      upstream: { host: 'docker.io', path: 'library/busybox' },
      destination: 'docker.io/library/busybox',
      settings: {
        tags: ['musl', '1.36'],
        semver: '>=1.36 <2',
        exclude: ['-rc'],
        newest: 5,
        platforms: ['linux/amd64', 'linux/arm64'],
        schedule: '0 */6 * * *',
        referrers: false,
        prune: { after_days: 14, max_share: 0.1 },
      },
    });
    expect(second).toMatchObject({
      destination: 'mirror/etcd',
      settings: { tags: ['v3.1'], referrers: true },
    });
  });

  it('may have its list under `rules`', () => {
    expect(parseRulesFile('rules:\n  - from: quay.io/a/b\n')).toHaveLength(1);
  });

  it('is refused with every mistake, and the key that was meant', () => {
    const mistakes = mistakesOf(`
- from: busybox
  tagz: [musl]
  semver: newest
  regex: ['[', b]
  tags: [1.10]
- form: quay.io/a/b
- from: quay.io/a/b
  prune: { afterdays: 3 }
- from: quay.io/a/b
`);
    for (const mistake of [
      'rule 1 (busybox): unknown key tagz (did you mean tags?)',
      'rule 1 (busybox): semver: semver range is malformed: newest',
      'rule 1 (busybox): regex.0: regular expression is malformed',
      'rule 1 (busybox): tags.0: put quotes around 1.1',
      'rule 2: unknown key form (did you mean from?)',
      'rule 3 (quay.io/a/b): unknown key afterdays (did you mean after_days?)',
    ]) {
      expect(mistakes).toContain(mistake);
    }
  });

  it.each([
    ['two rules with one destination', '- from: quay.io/a/b\n- from: quay.io/a/b\n', 'as rule 1'],
    ['what is no YAML', '- from: [', 'is not YAML: Flow'],
    ['prose', 'About us\nwe: all\n', /is not YAML: [^\n]+ at line 1, column 1$/],
    ['what is no list', 'from: busybox', 'is not a list of rules'],
    ['a name with a scheme', '- from: https://quay.io/a/b', 'has a scheme'],
    ['six cron fields', '- {from: a, schedule: "* * * * * *"}', 'schedule is malformed'],
    ['a day that never comes', '- {from: a, schedule: "0 0 30 2 *"}', 'schedule is malformed'],
    [
      'a share above all',
      '- {from: a, prune: {after_days: 1, max_share: 2}}',
      'prune.max_share: is more than 1',
    ],
    [
      'a share in words',
      '- {from: a, prune: {after_days: 1, max_share: half}}',
      'prune.max_share: is not a share such as 0.2 or 20%',
    ],
    ['a platform without a machine', '- {from: a, platforms: linux}', '(use os/architecture or'],
    ['a rule without a name', '- tags: [a]', 'rule 1: from: is missing'],
    ['a word for a rule', '- busybox', 'rule 1: is not a map'],
    ['a map for a tag', '- {from: a, tags: {a: b}}', 'tags.0: is not a word'],
    ['half a tag', '- {from: a, newest: 1.5}', 'newest: is not a whole number'],
    ['no tag', '- {from: a, newest: 0}', 'newest: is less than 1'],
    ['a word for yes', '- {from: a, referrers: maybe}', 'referrers: is neither true nor false'],
    ['days without end', '- {from: a, prune: {after_days: 99999}}', 'is more than 36500'],
    ['no tag in the list', '- {from: a, tags: []}', 'tags: is empty; leave it out to take all'],
    ['no digest in the list', '- {from: a, digests: []}', 'digests: is empty; leave it out'],
    ['no platform in the list', '- {from: a, platforms: []}', 'platforms: is empty; leave it out'],
    ['no expression in the list', '- {from: a, regex: []}', 'regex: is empty; leave it out'],
    ['an expression without a sign', "- {from: a, regex: ''}", 'regex.0: is empty; leave it out'],
    ['nothing to exclude', '- {from: a, exclude: []}', 'exclude: is empty; leave it out'],
    ['an exclude of nothing', "- {from: a, exclude: ['']}", 'exclude.0: is empty; leave it out'],
    ['a bad destination', '- {from: a, to: UPPER/case}', 'rule 1 (a): '],
  ])('is refused with %s', (_, text, mistake) => {
    expect(mistakesOf(text)).toMatch(mistake);
    expect(mistakesOf(text)).not.toMatch(/Invalid input|expected \w+, received|Too (?:small|big)/);
  });
});

it('reads back what was stored', () => {
  const stored = { tags: ['a'], referrers: true, prune: { after_days: 1, max_share: 0.5 } };
  expect(parseRuleSettings(JSON.parse(JSON.stringify(stored)))).toEqual(stored);
});

it('reads an empty expression that was stored before one was refused', () => {
  const stored = { regex: [''], referrers: true };
  expect(parseRuleSettings(stored)).toEqual(stored);
});

describe('the next run', () => {
  const now = Date.UTC(2026, 0, 1, 0, 30);
  it('is when the schedule says, and up to a tenth of the interval later', () => {
    const hour = Date.UTC(2026, 0, 1, 1);
    expect(nextRunAt('@hourly', now, () => 0)).toBe(hour);
    expect(nextRunAt('@hourly', now, () => 0.999)).toBeLessThan(hour + 360_000);
    expect(nextRunAt('@hourly', now, () => 0.999)).toBeGreaterThan(hour + 300_000);
  });
  it('is never ten minutes late, and never without a schedule', () => {
    const early = nextRunAt('@weekly', now, () => 0) ?? 0;
    expect((nextRunAt('@weekly', now, () => 0.999) ?? 0) - early).toBeLessThan(600_000);
    expect(nextRunAt(undefined, now, () => 0)).toBeUndefined();
  });
});
