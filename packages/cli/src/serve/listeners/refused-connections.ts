// Connections that ended before their first request, in the log. A proxy that is set up wrongly is worth a
// warning, once in a while; that somebody's TLS failed is their business, and anybody can make it fail.
import type { Logger } from 'pino';
import { createAtMostEvery } from '../log/at-most-every.ts';
import { ProxyHeaderError } from './proxy-header.ts';

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
