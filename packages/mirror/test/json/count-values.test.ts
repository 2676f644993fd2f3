import { expect, it } from 'vitest';
import { countValues } from '../../src/json/count-values.ts';

it.each<[string, number]>([
  ['7', 1],
  ['"abc"', 1],
  ['[]', 2],
  ['{"tags":["a","b","c"]}', 5],
  ['[[[[]]]]', 5],
  ['{"a":{"b":1,"c":[1,2]}}', 6],
  ['', 1],
])('of %s there are at most %d', (text, count) => {
  expect(countValues(Buffer.from(text))).toBe(count);
});
