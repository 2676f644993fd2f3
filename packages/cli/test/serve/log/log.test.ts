import { expect, it } from 'vitest';
import pino from 'pino';
import { createReadableLines } from '../../../src/serve/log/readable-lines.ts';

it('writes a line for a person, with what the error says and without its stack', () => {
  let text = '';
  const logger = pino({}, createReadableLines({ write: (line) => (text += line) }));
  logger.warn({ err: new Error('disk is full'), repository: 'a/b' }, 'upload failed');
  expect(text).toMatch(
    /^\d\d:\d\d:\d\d warning upload failed \(disk is full\) .*repository=a\/b\n$/,
  );
  expect(text).not.toContain('    at ');
});

it('writes one line whatever a request has put into it, and no control character', () => {
  let text = '';
  const logger = pino({}, createReadableLines({ write: (line) => (text += line) }));
  logger.error({ err: new Error('a\u001b]0;title\u0007'), reference: '\u001b[2J\nb' }, 'failed');
  expect(text).toMatch(/ failed \(a\ufffd\]0;title\ufffd\) .*reference=\ufffd\[2J\ufffdb\n$/);
});
