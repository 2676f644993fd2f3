// Ranges as node's semver and skopeo's (Masterminds) spell them.
import { expect, it } from 'vitest';
import { parseRange, versionOf } from '../../src/selection/version.ts';

const TAGS = ['1.35', '1.36', '1.36.1', '1.37-rc1', '2.0', '2.0.1', '2.1'];

it.each([
  ['!=2.0', '1.35 1.36 1.36.1 2.1'],
  ['!= 2.0.0', '1.35 1.36 1.36.1 2.0.1 2.1'],
  ['!=2.x', '1.35 1.36 1.36.1'],
  ['>=1.36, !=1.36.1, <2', '1.36'],
  ['!=1.x, !=2.1', '2.0 2.0.1'],
  ['>=1.36-0 !=2.0', '1.36 1.36.1 1.37-rc1 2.1'],
  ['<1.36 || !=1.x', '1.35 2.0 2.0.1 2.1'],
  ['=>2.0', '2.0 2.0.1 2.1'],
  ['=<1.36', '1.35 1.36 1.36.1'],
  ['=2.1', '2.1'],
  ['~>2.0', '2.0 2.0.1'],
  ['1.36 - 2.0', '1.36 1.36.1 2.0 2.0.1'],
])('%s takes %s', (range, taken) => {
  const matches = parseRange(range);
  const found = TAGS.filter((tag) => {
    const version = versionOf(tag);
    return version !== undefined && matches(version);
  });
  expect(found.join(' ')).toBe(taken);
});

it.each(['!=', '!=!=2', '=> =<', '!=newest', '1.x ||| 2'])('%s is malformed', (range) => {
  expect(() => parseRange(range)).toThrow('semver range is malformed');
});
