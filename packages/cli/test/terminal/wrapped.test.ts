import { expect, it } from 'vitest';
import { wrapped } from '../../src/terminal/wrapped.ts';

it.each<[string, string, number, readonly string[]]>([
  ['what fits is one line', 'to be or not', 12, ['to be or not']],
  ['what does not is broken at a space, and set in', 'to be or not', 11, ['to be or', '  not']],
  ['the indent counts', 'to be or not be', 8, ['to be or', '  not be']],
  ['an indent of its own is kept', '  to be or not', 9, ['  to be', '  or not']],
  [
    'a long word stays whole',
    'at https://registry.lan now',
    9,
    ['at', '  https://registry.lan', '  now'],
  ],
  ['nothing is an empty line', '', 9, ['']],
])('%s', (_, text, width, lines) => {
  expect(wrapped(text, width, '  ')).toEqual(lines);
});
