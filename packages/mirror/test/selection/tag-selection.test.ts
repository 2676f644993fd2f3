import { Digest, Tag } from '@portolan/oci';
import { array, assert, constantFrom, nat, property, stringMatching, tuple } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { needsListing, selectTags, type TagSelection } from '../../src/selection/tag-selection.ts';

const tagsOf = (text: string): Tag[] => text.split(' ').filter(Boolean).map(Tag.parse);
const BUSYBOX = tagsOf(
  '1 1.35 1.35.0 1.36 1.36-musl 1.36.1 1.36.1-musl 1.37.0 2.0-rc1 latest musl stable v1.36.2 1.2.3.4',
);
const DIGEST = Digest.parse(`sha256:${'a'.repeat(64)}`);
const SIGNATURE = Tag.parse(`sha256-${'a'.repeat(64)}.sig`);

interface Case {
  readonly name: string;
  readonly selection: TagSelection;
  readonly picks: string;
}

const CASES: readonly Case[] = [
  { name: 'nothing said takes all', selection: {}, picks: BUSYBOX.join(' ') },
  { name: 'a list', selection: { tags: tagsOf('musl 1.36') }, picks: '1.36 musl' },
  { name: 'only a digest takes no tag', selection: { digests: [DIGEST] }, picks: '' },
  {
    name: 'an expression, found anywhere',
    selection: { regex: ['us'] },
    picks: '1.36-musl 1.36.1-musl musl',
  },
  { name: 'an anchored expression', selection: { regex: ['^m.*l$'] }, picks: 'musl' },
  {
    name: 'several expressions are a union',
    selection: { regex: ['^latest$', '^st'] },
    picks: 'latest stable',
  },
  {
    name: 'short versions and a v',
    selection: { semver: '>=1.36 <2' },
    picks: '1.36 1.36.1 1.37.0 v1.36.2',
  },
  {
    name: 'a comma as a space',
    selection: { semver: '>=1.36, <1.37' },
    picks: '1.36 1.36.1 v1.36.2',
  },
  {
    name: 'suffixes with a range that has one',
    selection: { semver: '>=1.36-0 <1.37' },
    picks: '1.36 1.36-musl 1.36.1 1.36.1-musl v1.36.2',
  },
  { name: 'an x range', selection: { semver: '1.35.x' }, picks: '1.35 1.35.0' },
  { name: 'a bare major is a version', selection: { semver: '1.0.0' }, picks: '1' },
  {
    name: 'range and expression are a union',
    selection: { semver: '1.35', regex: ['^latest$'] },
    picks: '1.35 1.35.0 latest',
  },
  {
    name: 'exclude',
    selection: { regex: ['^1'], exclude: ['musl', '\\.35'] },
    picks: '1 1.2.3.4 1.36 1.36.1 1.37.0',
  },
  {
    name: 'exclude alone thins out all',
    selection: { exclude: ['[0-9]'] },
    picks: 'latest musl stable',
  },
  {
    name: 'exclude never takes a listed tag',
    selection: { tags: tagsOf('musl'), regex: ['^1.36'], exclude: ['musl'] },
    picks: '1.36 1.36.1 musl',
  },
  {
    name: 'the newest by version',
    selection: { semver: '1.x', newest: 2 },
    picks: '1.37.0 v1.36.2',
  },
  {
    name: 'a version without suffix is newer',
    selection: { regex: ['^1.36'], newest: 3 },
    picks: '1.36 1.36.1 1.36.1-musl',
  },
  {
    name: 'what is no version comes behind',
    selection: { regex: ['^(1.35|latest|musl|stable)$'], newest: 2 },
    picks: '1.35 stable',
  },
  {
    name: 'newest does not count listed tags',
    selection: { tags: tagsOf('1'), semver: '1.x', newest: 1 },
    picks: '1 1.37.0',
  },
];

it.each(CASES)('$name', ({ selection, picks }) => {
  expect(selectTags(BUSYBOX, selection).tags).toEqual(tagsOf(picks).sort());
});

it('names what is listed and not there', () => {
  const { tags, missing } = selectTags(BUSYBOX, { tags: tagsOf('musl 9.9') });
  expect({ tags, missing }).toEqual({ tags: ['musl'], missing: ['9.9'] });
});

it('matches no tag that belongs to an image, but takes it when it is listed', () => {
  expect(selectTags([SIGNATURE], {}).tags).toEqual([]);
  expect(selectTags([SIGNATURE], { regex: ['.'] }).tags).toEqual([]);
  expect(selectTags([SIGNATURE], { tags: [SIGNATURE] }).tags).toEqual([SIGNATURE]);
});

it.each<[TagSelection, boolean]>([
  [{}, true],
  [{ exclude: ['x'] }, true],
  [{ tags: tagsOf('a') }, false],
  [{ digests: [DIGEST] }, false],
  [{ tags: tagsOf('a'), regex: ['b'] }, true],
  [{ digests: [DIGEST], semver: '1' }, true],
])('%j needs a listing: %s', (selection, needed) => {
  expect(needsListing(selection)).toBe(needed);
});

describe('what makes no sense is refused', () => {
  it.each<[string, TagSelection]>([
    ['an open bracket', { regex: ['['] }],
    ['a look-ahead, which RE2 does not have', { regex: ['(?=a)'] }],
    ['a repetition that explodes', { exclude: ['((a{100}){100}){100}'] }],
    ['an expression beyond 512 characters', { regex: ['a'.repeat(513)] }],
    ['a range of words', { semver: 'newest please' }],
    ['an empty range', { semver: ' ' }],
  ])('%s', (_, selection) => {
    expect(() => selectTags([], selection)).toThrow(
      expect.objectContaining({ code: 'request-invalid' }),
    );
  });
});

const spell = (version: readonly number[]): string => version.join('.');
const rank = ([a = 0, b = 0, c = 0]: readonly number[]): number => (a * 100 + b) * 100 + c;
const numbers = (tag: string): number[] => tag.split('.').map(Number);
const versions = tuple(nat(30), nat(30), nat(30));

it('agrees with a plain reading on versions of three numbers', () => {
  assert(
    property(array(versions, { maxLength: 40 }), versions, versions, (list, from, to) => {
      const all = [...new Set(list.map(spell))].map(Tag.parse);
      const expected = all.filter((tag) => {
        const at = rank(numbers(tag));
        return at >= rank(from) && at < rank(to);
      });
      const semver = `>=${spell(from)} <${spell(to)}`;
      expect(selectTags(all, { semver }).tags).toEqual(expected.sort());
      const newest = [...expected].sort((a, b) => rank(numbers(b)) - rank(numbers(a))).slice(0, 3);
      expect(selectTags(all, { semver, newest: 3 }).tags).toEqual(newest.sort());
    }),
  );
});

it('agrees with JavaScript on expressions that both have', () => {
  const part = constantFrom('a', 'b', '1', '\\.', '[0-9]', 'a+', '(b|1)', '^', '$', '.');
  const expression = array(part, { minLength: 1, maxLength: 6 }).map((parts) => parts.join(''));
  const tag = stringMatching(/^[ab1][ab1.]{0,8}$/).map((text) => Tag.parse(text));
  assert(
    property(array(tag, { maxLength: 20 }), expression, (list, source) => {
      const all = [...new Set(list)];
      const reference = new RegExp(source);
      const expected = all.filter((text) => reference.test(text)).sort();
      expect(selectTags(all, { regex: [source] }).tags).toEqual(expected);
    }),
  );
});

const make = (count: number): Tag[] =>
  Array.from({ length: count }, (_, i) =>
    Tag.parse(`v${i % 97}.${i % 89}.${i}-aaaaaaaaaaaaaaaaaaaaaaaa`),
  );

it('takes time linear in the tags, also for an expression that would explode elsewhere', () => {
  const selection: TagSelection = {
    regex: ['(a+)+!$', '^v9.*a$'],
    semver: '>=50-0',
    exclude: ['7'],
    newest: 500,
  };
  const measure = (tags: readonly Tag[]): number => {
    const start = performance.now();
    selectTags(tags, selection);
    return performance.now() - start;
  };
  measure(make(1000));
  const small = measure(make(10_000));
  const large = measure(make(100_000));
  expect(large).toBeLessThan(Math.max(small, 20) * 40);
});
