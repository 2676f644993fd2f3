// The registry as a koa app.
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import Koa from 'koa';
import { createAccessControl } from '../access/require-access.ts';
import { createVerifiedTokenCache } from '../access/verified-token-cache.ts';
import { createTokenVerifier } from '../access/verify-token.ts';
import type { RegistryDeps } from '../registry-deps.ts';
import { createViewResolver } from '../views/resolve-view.ts';
import { createDispatch } from './dispatch.ts';
import { createErrorMiddleware } from './error-middleware.ts';
import { createLingeringClose } from './lingering-close.ts';
import { markAwaitingContinue } from './request-body.ts';
import { createRequestLog } from './request-log.ts';
import type { RequestState } from './request.ts';

export type RequestListener = (req: IncomingMessage, res: ServerResponse) => void;

export interface RegistryApp {
  /** For a server's `request` event. */
  callback(): RequestListener;
  /**
   * For a server's `checkContinue` event: the client waits for a 100 before it sends its body, and
   * gets it only when nothing speaks against the request.
   */
  continueCallback(): RequestListener;
  /** Puts both on a server of its own. */
  attach(server: Server): void;
}

function createAccess(deps: RegistryDeps) {
  const { clock, generations, keySet, issuer, service, realm, stamps, limits } = deps;
  const verify = createVerifiedTokenCache({
    verify: createTokenVerifier({ keySet, issuer, service, clock }),
    stamps,
    generations,
    clock,
    maxBytes: limits.maxCachedTokenBytes,
  });
  const { uploadGraceMs } = limits;
  const { uploads, repositories } = deps.content;
  const hasOwnStamps = stamps !== undefined;
  return createAccessControl({
    verify,
    uploads,
    repositories,
    clock,
    uploadGraceMs,
    hasOwnStamps,
    realm,
    service,
  });
}

/**
 * @example
 * const app = createRegistryApp(deps);
 * app.attach(http.createServer({ requestTimeout: 0 }).listen(5000));
 */
export function createRegistryApp(deps: RegistryDeps): RegistryApp {
  const { logger, limits, content, observeRoute } = deps;
  const app = new Koa<RequestState>();
  // Outermost first. The log sees the final status; lingering must see the answer to a refusal, so
  // it stands outside the errors; dispatch is the only one that throws.
  app.use(createRequestLog(deps));
  app.use(createLingeringClose(limits));
  app.use(createErrorMiddleware(logger));
  const resolveView = createViewResolver(deps);
  const requireAccess = createAccess(deps);
  app.use(createDispatch({ content, limits, resolveView, requireAccess, observeRoute }));
  // What koa reports here happened after the headers were sent: nearly always a client that left.
  app.on('error', (error: NodeJS.ErrnoException, ctx?: Koa.Context) => {
    const hasLeft =
      error.code === 'ERR_STREAM_PREMATURE_CLOSE' || ctx?.req.socket.destroyed === true;
    const fields = { ...ctx?.state, err: error };
    if (hasLeft) logger.debug(fields, 'client has gone');
    else logger.error(fields, 'answer broke off');
  });
  const listener = app.callback();
  const callback: RequestListener = (req, res) => void listener(req, res);
  const continueCallback: RequestListener = (req, res) => {
    markAwaitingContinue(req);
    callback(req, res);
  };
  return {
    callback: () => callback,
    continueCallback: () => continueCallback,
    attach(server) {
      server.on('request', callback).on('checkContinue', continueCallback);
    },
  };
}
