// Connections that ended before their first request, and requests that no app saw, in the log. A proxy that
// is set up wrongly is worth a warning, once in a while; that somebody's TLS failed is their business, and
// anybody can make it fail.
import type { Logger } from 'pino';
import { createAtMostEvery } from '../log/at-most-every.ts';
import { ProxyHeaderError } from './proxy-header.ts';
import type { RefusedRequest } from './request-refusal.ts';

const WARN_EVERY_MS = 60_000;

export function createRefusedConnections(
  logger: Logger,
  clock: () => number,
): (error: unknown) => void {
  const mayWarn = createAtMostEvery(WARN_EVERY_MS, clock);
  return (error) => {
    const reason = error instanceof Error ? error.message : String(error);
    const isNews = error instanceof ProxyHeaderError && mayWarn();
    logger[isNews ? 'warn' : 'debug']({ reason }, 'a connection was refused');
  };
}

/** Anybody can have one refused; whoever looks for the id of one asks for them. */
export function createRefusedRequests(
  logger: Logger,
  sourceOf: (request: RefusedRequest['request']) => string | undefined,
): (refused: RefusedRequest) => void {
  return ({ requestId, status, request }) => {
    logger.debug({ requestId, status, source: sourceOf(request) }, 'a request was refused');
  };
}
