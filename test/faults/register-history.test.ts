import { expect, test } from 'vitest';
import { type Operation, violationsOf } from './register-history.ts';

const at = (kind: Operation['kind'], value: string, sentAt: number, answeredAt: number) => ({
  kind,
  value,
  sentAt,
  answeredAt,
});
const a = at('write', 'a', 0, 10);
const b = at('write', 'b', 20, 30);

test.each([
  ['reads in the order of the writes', [a, at('read', 'a', 11, 12), b, at('read', 'b', 31, 32)], 0],
  ['either value while a write is under way', [a, b, at('read', 'a', 21, 29)], 0],
  ['a value that was replaced before', [a, b, at('read', 'a', 31, 32)], 1],
  ['a value from the future', [a, at('read', 'b', 11, 12), b], 1],
  ['a value that nobody wrote', [a, at('read', 'c', 11, 12)], 1],
  ['the old value after the new one', [a, b, at('read', 'b', 21, 22), at('read', 'a', 23, 24)], 1],
])('finds what cannot be explained: %s', (_, history, violations) => {
  expect(violationsOf(history)).toHaveLength(violations);
});
