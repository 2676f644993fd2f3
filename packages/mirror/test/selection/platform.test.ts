import { expect, it } from 'vitest';
import { formatPlatform, matchesPlatform, parsePlatform } from '../../src/selection/platform.ts';

it.each([
  ['linux/amd64', 'linux/amd64'],
  ['linux/arm64/v8', 'linux/arm64/v8'],
  ['Linux/x86_64', 'linux/amd64'],
  ['linux/aarch64', 'linux/arm64'],
  ['windows/amd64', 'windows/amd64'],
])('reads %s as %s', (text, canonical) => {
  expect(formatPlatform(parsePlatform(text))).toBe(canonical);
});

it.each(['', 'amd64', 'linux/', 'linux/arm/v7/x', 'linux amd64', '*/amd64'])(
  'refuses "%s"',
  (text) => {
    expect(() => parsePlatform(text)).toThrow(expect.objectContaining({ code: 'request-invalid' }));
  },
);

it.each([
  ['linux/arm', 'linux/arm/v6', true],
  ['linux/arm/v7', 'linux/arm/v6', false],
  ['linux/arm/v7', 'linux/arm', false],
  ['linux/arm64/v8', 'linux/arm64', true],
  ['linux/arm64', 'linux/arm64/v8', true],
  ['linux/amd64', 'windows/amd64', false],
])('a wish for %s takes %s: %s', (wish, has, isTaken) => {
  expect(matchesPlatform(parsePlatform(wish), parsePlatform(has))).toBe(isTaken);
});
