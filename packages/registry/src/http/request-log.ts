// The end of a request: one line in the log and the facts for whoever counts. The line comes at `info` if
// the operator asked for it, at `warn` for a failure of ours, else at `debug`, so that a busy registry
// pays nothing for it. Field names are the domain's. Headers are never logged, the token least of all.
import type { RegistryDeps } from '../registry-deps.ts';
import { bodyBytesReceived, bodyBytesSent } from './body-bytes.ts';
import { setCommonHeaders } from './reply.ts';
import type { RegistryContext } from './request.ts';

export type RequestLogDeps = Pick<
  RegistryDeps,
  'logger' | 'clock' | 'randomId' | 'observe' | 'correlate'
> & { readonly limits: { readonly accessLog: boolean } };

type Level = 'debug' | 'info' | 'warn';

/** The id is always ours: one that a client sends could be made to collide with another's. */
export function createRequestLog(deps: RequestLogDeps) {
  const { logger, clock, randomId, observe, correlate, limits } = deps;

  function levelFor(status: number): Level {
    if (status >= 500) return 'warn';
    return limits.accessLog ? 'info' : 'debug';
  }

  return async (ctx: RegistryContext, next: () => Promise<void>): Promise<void> => {
    const { req, res } = ctx;
    const { socket } = req;
    const startedAt = clock();
    const writtenBefore = socket.bytesWritten;
    ctx.state.requestId = randomId();
    if (correlate !== undefined) Object.assign(ctx.state, correlate(req));
    setCommonHeaders(ctx);
    await next();
    const level = levelFor(ctx.status);
    const isLogged = logger.isLevelEnabled(level);
    if (!isLogged && observe === undefined) return;
    const end = (): void => {
      const { method } = ctx;
      // A client that left before the answer got none.
      const status = res.headersSent ? res.statusCode : undefined;
      const durationMs = clock() - startedAt;
      const bytes = socket.bytesWritten - writtenBefore;
      const isComplete = res.writableFinished;
      if (isLogged) {
        logger[level]({ ...ctx.state, method, status, bytes, isComplete, durationMs }, 'request');
      }
      observe?.({
        route: ctx.state.route,
        method,
        status,
        durationMs,
        bytesReceived: bodyBytesReceived(req),
        bytesSent: bodyBytesSent(res, bytes),
      });
    };
    if (res.closed) end();
    else res.once('close', end);
  };
}
