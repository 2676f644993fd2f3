// Regular expressions of operators, in RE2's syntax and with its guarantee: time linear in the text,
// whatever the expression. Found anywhere in the tag unless `^` and `$` say otherwise, as in skopeo.
import { reasonOf } from '@portolan/oci';
import { RE2JS } from 're2js';
import { mirrorError } from '../errors.ts';

const MAX_LENGTH = 512;

/** @throws MirrorError `request-invalid` */
export function parseExpression(text: string): (tag: string) => boolean {
  if (text.length > MAX_LENGTH) {
    const detail = { max: MAX_LENGTH, expression: text.slice(0, MAX_LENGTH) };
    throw mirrorError('request-invalid', 'regular expression is too long', detail);
  }
  try {
    const expression = RE2JS.compile(text);
    return (tag) => expression.test(tag);
  } catch (cause) {
    const reason = reasonOf(cause);
    const detail = { expression: text, hint: 'the syntax is that of RE2, as in Go' };
    throw mirrorError(
      'request-invalid',
      `regular expression is malformed: ${reason}`,
      detail,
      cause,
    );
  }
}
