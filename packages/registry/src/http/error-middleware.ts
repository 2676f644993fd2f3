// Turns whatever was thrown into the one error body of the spec. It stands around everything that
// can throw, since koa's own handler would drop our headers and answer `text/plain`.
import type { Logger } from 'pino';
import { replyJson, setCommonHeaders } from './reply.ts';
import type { RegistryContext } from './request.ts';
import { toWireError } from './wire-errors.ts';

/** The client has gone: there is nobody to answer, and nothing is wrong here. */
function isAborted({ req, res }: RegistryContext): boolean {
  return (req.destroyed && !req.complete) || res.destroyed;
}

export function createErrorMiddleware(logger: Logger) {
  function log(ctx: RegistryContext, error: unknown, status: number): void {
    if (status >= 500) logger.error({ ...ctx.state, err: error, status }, 'request failed');
  }

  return async (ctx: RegistryContext, next: () => Promise<void>): Promise<void> => {
    try {
      await next();
    } catch (error) {
      if (isAborted(ctx)) {
        ctx.respond = false;
        logger.debug({ ...ctx.state, err: error }, 'client has gone');
        return;
      }
      const { status, headers, body } = toWireError(error, ctx.state.requestId);
      log(ctx, error, status);
      // What the handler had prepared belongs to an answer that is not given.
      for (const name of ctx.res.getHeaderNames()) ctx.remove(name);
      setCommonHeaders(ctx);
      ctx.set(headers);
      replyJson(ctx, status, body);
    }
  };
}
