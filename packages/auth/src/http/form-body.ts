// A small form as a body: application/x-www-form-urlencoded, bounded in size and in time.
import { DomainError } from '@portolan/oci';
import type { IncomingMessage } from 'node:http';
import { authError } from '../errors.ts';
import type { RequestContext } from './request-context.ts';

const MAX_BYTES = 16 * 1024;
/** A form is a packet or two; one that takes longer only holds a socket. */
const MAX_MS = 30_000;

async function readBytes(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  const deadline = setTimeout(() => request.destroy(new Error('the form is too slow')), MAX_MS);
  // Giving up must not destroy the request: its socket still has to carry the refusal.
  const parts = request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  try {
    for await (const chunk of parts) {
      length += chunk.length;
      if (length > MAX_BYTES) {
        throw authError('request-too-large', 'the form is too large', { maxBytes: MAX_BYTES });
      }
      chunks.push(chunk);
    }
  } finally {
    clearTimeout(deadline);
  }
  return Buffer.concat(chunks);
}

/** @throws AuthError `request-invalid`, `request-too-large` */
export async function readForm(ctx: RequestContext): Promise<URLSearchParams> {
  if (ctx.is('application/x-www-form-urlencoded') === false) {
    throw authError('request-invalid', 'the body is not a form', {
      hint: 'send application/x-www-form-urlencoded',
    });
  }
  try {
    return new URLSearchParams((await readBytes(ctx.req)).toString('utf8'));
  } catch (error) {
    if (error instanceof DomainError) throw error;
    throw authError('request-invalid', 'the body broke off', {}, error);
  }
}
