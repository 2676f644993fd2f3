// Lines that are drawn anew, cut to the width of the terminal.
import { expect, it } from 'vitest';
import { startLiveLines } from '../../src/terminal/live-lines.ts';

it.each([
  ['its width', 40, 39],
  ['80 where it does not say', undefined, 79],
  ['80 where it says 0', 0, 79],
])('have %s', (_what, columns, expected) => {
  const written: string[] = [];
  const lines = startLiveLines({ columns, write: (text) => written.push(text) }, () => [
    'x'.repeat(200),
  ]);
  lines.print('news');
  lines.end();
  expect(written[0]).toBe(`news\n${'x'.repeat(expected)}\n`);
});
