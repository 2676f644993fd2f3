import { expect, it } from 'vitest';
import pino from 'pino';
import { createReadableLines } from '../../src/serve/readable-lines.ts';

it('writes a line for a person, with what the error says and without its stack', () => {
  let text = '';
  const logger = pino({}, createReadableLines({ write: (line) => (text += line) }));
  logger.warn({ err: new Error('disk is full'), repository: 'a/b' }, 'upload failed');
  expect(text).toMatch(
    /^\d\d:\d\d:\d\d warning upload failed \(disk is full\) .*repository=a\/b\n$/,
  );
  expect(text).not.toContain('    at ');
});
