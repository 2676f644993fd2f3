import { assert, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseChallenges } from '../../src/client/challenge.ts';

const read = (header: string) =>
  parseChallenges(header).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]);

describe('challenges', () => {
  it.each<[string, unknown]>([
    [
      'Bearer realm="https://a/token",service="a",scope="repository:b:pull,push"',
      [['bearer', { realm: 'https://a/token', service: 'a', scope: 'repository:b:pull,push' }]],
    ],
    [
      'bearer Realm = https://a/token , SERVICE=a',
      [['bearer', { realm: 'https://a/token', service: 'a' }]],
    ],
    [
      'Basic realm="x", Bearer realm="y",service="z"',
      [
        ['basic', { realm: 'x' }],
        ['bearer', { realm: 'y', service: 'z' }],
      ],
    ],
    [
      'Negotiate, Basic realm="x"',
      [
        ['negotiate', {}],
        ['basic', { realm: 'x' }],
      ],
    ],
    ['Bearer realm="a \\"quoted\\" one"', [['bearer', { realm: 'a "quoted" one' }]]],
    ['Basic', [['basic', {}]]],
    ['', []],
    ['=', []],
    ['Bearer realm="never ends', [['bearer', {}]]],
  ])('are read from %s', (header, expected) => {
    expect(read(header).slice(0, (expected as unknown[]).length)).toEqual(expected);
  });

  it('are read to an end, whatever is sent, and soon', () => {
    assert(property(string(), (header) => parseChallenges(header).length <= header.length));
    const started = performance.now();
    for (const evil of [
      'a='.repeat(4000),
      ', '.repeat(4000),
      'a '.repeat(4000),
      'x="'.repeat(2700),
    ]) {
      parseChallenges(evil);
    }
    expect(performance.now() - started).toBeLessThan(1000);
  });
});
