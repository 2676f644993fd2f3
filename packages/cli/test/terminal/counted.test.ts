import { expect, it } from 'vitest';
import { counted } from '../../src/terminal/counted.ts';

it.each([
  [0, '0 problems'],
  [1, '1 problem'],
  [2, '2 problems'],
])('says how many: %i', (count, text) => {
  expect(counted(count, 'problem')).toBe(text);
});
