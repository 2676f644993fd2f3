// Whatever a route throws becomes an answer here. It must be ours, since koa's own handler drops
// headers and answers in plain text.
import { DomainError } from '@portolan/oci';
import type { Middleware } from 'koa';
import type { Logger } from 'pino';
import type { RequestContext, RequestFacts } from './request-context.ts';
import { INTERNAL, isWireErrorCode, WIRE_ERRORS, type WireErrorBody } from './wire-errors.ts';

export interface ErrorMiddlewareDeps {
  readonly logger: Logger;
  /** Of the Basic challenge; from the configuration, never from a request's Host. */
  readonly realm: string;
}

function describe(error: unknown) {
  if (error instanceof DomainError && isWireErrorCode(error.code)) {
    const wire = WIRE_ERRORS[error.code];
    if (wire.status !== 500) return { wire, message: error.message, detail: error.detail };
  }
  return { wire: INTERNAL, message: 'internal error', detail: {} };
}

/** The hint is what a person at a terminal sees, so it belongs into the text. */
function sentence(message: string, detail: Readonly<Record<string, unknown>>): string {
  const { hint } = detail;
  return typeof hint === 'string' ? `${message}: ${hint}` : message;
}

function respondWithError(ctx: RequestContext, error: unknown, realm: string): void {
  ctx.state.refusal = error instanceof DomainError ? error.code : 'unexpected';
  const { wire, message, detail } = describe(error);
  const text = sentence(message, detail);
  const body: WireErrorBody = {
    errors: [{ code: wire.code, message, detail: { ...detail, requestId: ctx.state.requestId } }],
    details: text,
    error: wire.oauth,
    error_description: text,
  };
  ctx.status = wire.status;
  ctx.body = body;
  if (wire.hasChallenge === true) {
    ctx.set('WWW-Authenticate', `Basic realm="${realm}", charset="UTF-8"`);
  }
  const { retryAfterSeconds, allow } = detail;
  if (typeof retryAfterSeconds === 'number') ctx.set('Retry-After', String(retryAfterSeconds));
  else if (wire.status === 503) ctx.set('Retry-After', '2');
  if (typeof allow === 'string') ctx.set('Allow', allow);
}

export function createErrorMiddleware({
  logger,
  realm,
}: ErrorMiddlewareDeps): Middleware<RequestFacts> {
  return async (ctx, next) => {
    try {
      await next();
    } catch (error) {
      respondWithError(ctx, error, realm);
      if (ctx.status < 500) return;
      const line = { ...ctx.state, err: error };
      if (ctx.status === 503) logger.warn(line, 'unavailable');
      else logger.error(line, 'request failed');
    }
  };
}
