// What is told of CONNECT requests. A mirrored registry without a certificate is worth a warning, since no
// client can pull from it, but not one for every client. Nothing of the request is logged but its target.
import { type ConnectFacts, ConnectTarget } from '@portolan/connect';
import { reasonOf } from '@portolan/oci';
import type { Logger } from 'pino';
import { createAtMostEvery } from '../log/at-most-every.ts';

export interface ConnectLogDeps {
  readonly logger: Logger;
  readonly isAccessLogged: boolean;
  readonly sourceOf: (request: ConnectFacts['request']) => string | undefined;
  readonly clock: () => number;
}

const WARN_EVERY_MS = 60_000;

export function createConnectLog(deps: ConnectLogDeps): (facts: ConnectFacts) => void {
  const { logger, isAccessLogged, sourceOf, clock } = deps;
  const mayWarn = createAtMostEvery(WARN_EVERY_MS, clock);

  function levelOf({ outcome, error }: ConnectFacts): 'warn' | 'info' | 'debug' {
    if (outcome === 'failed' && error !== undefined && mayWarn()) return 'warn';
    return isAccessLogged ? 'info' : 'debug';
  }

  return (facts) => {
    const { request, requestId, outcome, target, error } = facts;
    const fields = {
      requestId,
      target: target && ConnectTarget.format(target),
      outcome,
      source: sourceOf(request),
      reason: error === undefined ? undefined : reasonOf(error),
    };
    logger[levelOf(facts)](fields, 'CONNECT');
  };
}
