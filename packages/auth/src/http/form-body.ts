// A small form as a body: application/x-www-form-urlencoded, bounded.
import { authError } from '../errors.ts';
import type { RequestContext } from './request-context.ts';

const MAX_BYTES = 16 * 1024;

/** @throws AuthError `request-invalid`, `request-too-large` */
export async function readForm(ctx: RequestContext): Promise<URLSearchParams> {
  if (ctx.is('application/x-www-form-urlencoded') === false) {
    throw authError('request-invalid', 'the body is not a form', {
      hint: 'send application/x-www-form-urlencoded',
    });
  }
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of ctx.req as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_BYTES) {
      throw authError('request-too-large', 'the form is too large', { maxBytes: MAX_BYTES });
    }
    chunks.push(chunk);
  }
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
}
