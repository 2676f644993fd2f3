// A body that nobody reads, or reads to its end, closes the connection with the answer: whoever sends
// one to a page that takes none could else go on sending for ever, and hold a socket for nothing.
import type { Middleware } from 'koa';
import type { RequestFacts } from './request-context.ts';

export function closeOnUnreadBody(): Middleware<RequestFacts> {
  return async (ctx, next) => {
    await next();
    const { complete, headers } = ctx.req;
    const isAnnounced =
      headers['transfer-encoding'] !== undefined || headers['content-length'] !== undefined;
    if (isAnnounced && !complete) ctx.set('Connection', 'close');
  };
}
