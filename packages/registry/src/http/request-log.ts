// One line a request, when it is over: at `info` if the operator asked for it, at `warn` for a
// failure of ours, else at `debug`, so that a busy registry pays nothing for it. Field names are the
// domain's. Headers are never logged, the token least of all.
import type { Clock, RandomId } from '@portolan/storage';
import type { Logger } from 'pino';
import { setCommonHeaders } from './reply.ts';
import type { RegistryContext } from './request.ts';

export interface RequestLogDeps {
  readonly logger: Logger;
  readonly clock: Clock;
  readonly randomId: RandomId;
  readonly accessLog: boolean;
}

type Level = 'debug' | 'info' | 'warn';

/** The id is always ours: one that a client sends could be made to collide with another's. */
export function createRequestLog({ logger, clock, randomId, accessLog }: RequestLogDeps) {
  function levelFor(status: number): Level {
    if (status >= 500) return 'warn';
    return accessLog ? 'info' : 'debug';
  }

  return async (ctx: RegistryContext, next: () => Promise<void>): Promise<void> => {
    const { req, res } = ctx;
    const { socket } = req;
    const startedAt = clock();
    const writtenBefore = socket.bytesWritten;
    ctx.state.requestId = randomId();
    setCommonHeaders(ctx);
    await next();
    const level = levelFor(ctx.status);
    if (!logger.isLevelEnabled(level)) return;
    const write = (): void => {
      const fields = {
        ...ctx.state,
        method: ctx.method,
        // A client that left before the answer got none.
        status: res.headersSent ? res.statusCode : undefined,
        bytes: socket.bytesWritten - writtenBefore,
        isComplete: res.writableFinished,
        durationMs: clock() - startedAt,
      };
      logger[level](fields, 'request');
    };
    if (res.closed) write();
    else res.once('close', write);
  };
}
