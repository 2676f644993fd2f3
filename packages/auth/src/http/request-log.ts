// A request id for every request and one line in the log for each. Neither the query nor a header is
// logged: both may hold secrets.
import type { Middleware } from 'koa';
import type { Logger } from 'pino';
import type { ReadSource } from '../identity/source-address.ts';
import type { RequestFacts } from './request-context.ts';

export interface RequestLogDeps {
  readonly logger: Logger;
  readonly clock: () => number;
  readonly randomId: () => string;
  readonly readSource: ReadSource;
}

export function createRequestLog(deps: RequestLogDeps): Middleware<RequestFacts> {
  const { logger, clock, randomId, readSource } = deps;
  return async (ctx, next) => {
    const startedAt = clock();
    ctx.state.requestId = randomId();
    ctx.state.source = readSource(ctx.req);
    ctx.set('X-Request-Id', ctx.state.requestId);
    await next();
    const line = {
      ...ctx.state,
      method: ctx.method,
      status: ctx.status,
      durationMs: clock() - startedAt,
    };
    // Probes come every few seconds.
    const isProbe = ctx.state.route === 'livez' || ctx.state.route === 'readyz';
    if (isProbe && ctx.status < 400) logger.debug(line, 'request');
    else logger.info(line, 'request');
  };
}
