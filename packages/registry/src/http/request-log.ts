// The end of a request: one line in the log and the facts for whoever counts. The line comes at `info` if
// the operator asked for it, at `warn` for a failure of ours, else at `debug`, so that a busy registry
// pays nothing for it. Field names are the domain's. Headers are never logged, the token least of all.
import { Stream } from 'node:stream';
import type { RegistryDeps } from '../registry-deps.ts';
import { bodyBytesReceived, bodyBytesSent } from './body-bytes.ts';
import { setCommonHeaders } from './reply.ts';
import type { RegistryContext } from './request.ts';

export type RequestLogDeps = Pick<
  RegistryDeps,
  'logger' | 'clock' | 'randomId' | 'observe' | 'correlate' | 'sourceOf'
> & { readonly limits: { readonly accessLog: boolean } };

type Level = 'debug' | 'info' | 'warn';

interface End {
  /** Undefined where the client left before the answer. */
  readonly status: number | undefined;
  readonly bytesSent: number;
}

/** Of an answer that is whole in memory, before koa hands it over. Waiting for its end would cost. */
function endOfBuffered({ respond, status, body, method }: RegistryContext): End {
  const isSent = respond !== false && method !== 'HEAD' && Buffer.isBuffer(body);
  return {
    status: respond === false ? undefined : status,
    bytesSent: isSent ? body.length : 0,
  };
}

/** The id is always ours: one that a client sends could be made to collide with another's. */
export function createRequestLog(deps: RequestLogDeps) {
  const { logger, clock, randomId, observe, correlate, sourceOf, limits } = deps;

  function levelFor(status: number): Level {
    if (status >= 500) return 'warn';
    return limits.accessLog ? 'info' : 'debug';
  }

  function tell({ req, state, method }: RegistryContext, startedAt: number, end: End): void {
    const durationMs = clock() - startedAt;
    const bytesReceived = bodyBytesReceived(req);
    observe?.({ route: state.route, method, durationMs, bytesReceived, ...end });
  }

  return async (ctx: RegistryContext, next: () => Promise<void>): Promise<void> => {
    const { req, res } = ctx;
    const { socket } = req;
    const startedAt = clock();
    const writtenBefore = socket.bytesWritten;
    ctx.state.requestId = randomId();
    const others = correlate?.(req);
    if (others !== undefined) Object.assign(ctx.state, others);
    setCommonHeaders(ctx);
    await next();
    const level = levelFor(ctx.status);
    const isLogged = logger.isLevelEnabled(level);
    if (!isLogged && !(ctx.body instanceof Stream)) {
      if (observe !== undefined) tell(ctx, startedAt, endOfBuffered(ctx));
      return;
    }
    const end = (): void => {
      const { method } = ctx;
      // A client that left before the answer got none.
      const status = res.headersSent ? res.statusCode : undefined;
      const bytes = socket.bytesWritten - writtenBefore;
      const isComplete = res.writableFinished;
      const durationMs = clock() - startedAt;
      if (isLogged) {
        const source = sourceOf?.(req);
        const answer = { method, status, bytes, isComplete, durationMs };
        logger[level]({ ...ctx.state, source, ...answer }, 'request');
      }
      tell(ctx, startedAt, { status, bytesSent: bodyBytesSent(res, bytes) });
    };
    if (res.closed) end();
    else res.once('close', end);
  };
}
