import { describe, expect, it } from 'vitest';
import { isBefore } from '../src/engine-version.ts';
import { parseEngineVersion } from '../src/index.ts';

describe('the version of an engine', () => {
  it.each([
    ['29', [29, 0, 0]],
    ['20.10.24+dfsg1', [20, 10, 24]],
    ['v1.29.1+k3s1', [1, 29, 1]],
    ['1.6.20~ds1', [1, 6, 20]],
    ['v2.0.0-rc.1', [2, 0, 0]],
  ])('%s is read', (text, expected) => {
    expect(parseEngineVersion(text)).toEqual(expected);
  });

  it.each(['', 'latest', '29.x', '1.2.3.4'])('%j is refused', (text) => {
    expect(() => parseEngineVersion(text)).toThrow(/no version/);
  });

  it.each([
    ['28.5.2', '29', true],
    ['29', '29', false],
    ['29.0.1', '29', false],
    ['1.28.5', '1.28.6', true],
    ['2.0.0', '1.99.99', false],
  ])('%s is before %s: %s', (version, other, expected) => {
    expect(isBefore(parseEngineVersion(version), parseEngineVersion(other))).toBe(expected);
  });
});
