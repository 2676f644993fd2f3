// A request id for every request and one line in the log for each. Neither the query nor a header is
// logged: both may hold secrets.
import type { Middleware } from 'koa';
import type { Logger } from 'pino';
import { type ReadClient, sourceOf } from '../identity/source-address.ts';
import type { Correlate, ObserveRequest } from './observation.ts';
import type { RequestFacts } from './request-context.ts';

export interface RequestLogDeps {
  readonly logger: Logger;
  readonly clock: () => number;
  readonly randomId: () => string;
  readonly readClient: ReadClient;
  readonly observe?: ObserveRequest;
  readonly correlate?: Correlate;
}

export function createRequestLog(deps: RequestLogDeps): Middleware<RequestFacts> {
  const { logger, clock, randomId, readClient, observe, correlate } = deps;
  return async (ctx, next) => {
    const startedAt = clock();
    ctx.state.requestId = randomId();
    const client = readClient(ctx.req);
    ctx.state.source = sourceOf(client.address);
    ctx.state.isEncrypted = client.isEncrypted;
    Object.assign(ctx.state, correlate?.(ctx.req));
    ctx.set('X-Request-Id', ctx.state.requestId);
    await next();
    const { method, status } = ctx;
    const durationMs = clock() - startedAt;
    const { route, grant, refusal } = ctx.state;
    observe?.({ route, method, status, durationMs, grant, refusal });
    const line = { ...ctx.state, method, status, durationMs };
    // Probes come every few seconds.
    const isProbe = route === 'livez' || route === 'readyz';
    if (isProbe && status < 400) logger.debug(line, 'request');
    else logger.info(line, 'request');
  };
}
