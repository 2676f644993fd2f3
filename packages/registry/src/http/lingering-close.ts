// An answer that goes out before the request's body has been read. If the socket were closed with
// bytes still coming in, the kernel would reset the connection and the client could lose the answer
// (it then says "broken pipe" instead of "unauthorized"). So the whole answer is sent, and the
// connection is closed only when the client has stopped, or has sent too much.
import type { RegistryLimits } from '../registry-deps.ts';
import type { RegistryContext } from './request.ts';
import { hasUnreadBody } from './request-body.ts';

type LingerLimits = Pick<RegistryLimits, 'lingerMs' | 'lingerBytes'>;

function drain(ctx: RegistryContext, limits: LingerLimits): void {
  const { req, res } = ctx;
  let left = limits.lingerBytes;
  // `end` is what makes node close the connection, since the answer said so.
  const finish = (): void => {
    clearTimeout(timer);
    req.off('data', count);
    res.end();
  };
  const count = (chunk: Buffer): void => {
    left -= chunk.length;
    if (left < 0) finish();
  };
  const timer = setTimeout(finish, limits.lingerMs);
  req.once('end', finish).once('close', finish).on('error', finish).on('data', count);
  req.resume();
}

export function createLingeringClose(limits: LingerLimits) {
  return async (ctx: RegistryContext, next: () => Promise<void>): Promise<void> => {
    await next();
    const { req, res, body } = ctx;
    if (!hasUnreadBody(req) || res.headersSent || res.destroyed) return;
    if (body !== undefined && body !== null && !Buffer.isBuffer(body)) return;
    ctx.respond = false;
    res.setHeader('Connection', 'close');
    if (Buffer.isBuffer(body) && body.length > 0 && req.method !== 'HEAD') res.write(body);
    else res.flushHeaders();
    drain(ctx, limits);
  };
}
