// A small form as a body: application/x-www-form-urlencoded, bounded.
import { DomainError } from '@portolan/oci';
import type { IncomingMessage } from 'node:http';
import { authError } from '../errors.ts';
import type { RequestContext } from './request-context.ts';

const MAX_BYTES = 16 * 1024;

async function readBytes(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  // Giving up must not destroy the request: its socket still has to carry the refusal.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_BYTES) {
      throw authError('request-too-large', 'the form is too large', { maxBytes: MAX_BYTES });
    }
    chunks.push(chunk);
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
