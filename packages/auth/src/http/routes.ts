// Every route of the token service, with who may use it beside each.
import { Router } from '@koa/router';
import type { Middleware } from 'koa';
import { authError } from '../errors.ts';
import { ACME_CHALLENGE_PATH } from './endpoints/acme-challenge.ts';
import type { Handler, RequestContext, RequestFacts } from './request-context.ts';

/** `credentials`: the endpoint itself asks for them, in the request. */
export type RouteAccess = 'everyone' | 'credentials';

export interface Route {
  readonly name: string;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly access: RouteAccess;
  /** Whether HEAD answers as GET does. Not where an answer is made anew each time. */
  readonly hasHead: boolean;
  readonly handler: Handler;
}

export interface RouteHandlers {
  readonly frontPage: Handler;
  readonly getToken: Handler;
  readonly postToken: Handler;
  readonly jwks: Handler;
  readonly caCertificate: Handler;
  readonly caFingerprint: Handler;
  readonly acmeChallenge: Handler;
  readonly livez: Handler;
  readonly readyz: Handler;
}

// biome-ignore format: one line a route
export function routeTable(handlers: RouteHandlers): readonly Route[] {
  return [
    { name: 'front-page', method: 'GET', path: '/', access: 'everyone', hasHead: true, handler: handlers.frontPage },
    { name: 'token-get', method: 'GET', path: '/token', access: 'credentials', hasHead: false, handler: handlers.getToken },
    { name: 'token-post', method: 'POST', path: '/token', access: 'credentials', hasHead: false, handler: handlers.postToken },
    { name: 'jwks', method: 'GET', path: '/jwks', access: 'everyone', hasHead: true, handler: handlers.jwks },
    { name: 'ca-certificate', method: 'GET', path: '/ca.crt', access: 'everyone', hasHead: true, handler: handlers.caCertificate },
    { name: 'ca-fingerprint', method: 'GET', path: '/ca.crt.sha256', access: 'everyone', hasHead: true, handler: handlers.caFingerprint },
    { name: 'acme-challenge', method: 'GET', path: `${ACME_CHALLENGE_PATH}:token`, access: 'everyone', hasHead: true, handler: handlers.acmeChallenge },
    { name: 'livez', method: 'GET', path: '/livez', access: 'everyone', hasHead: true, handler: handlers.livez },
    { name: 'readyz', method: 'GET', path: '/readyz', access: 'everyone', hasHead: true, handler: handlers.readyz },
  ];
}

function methodsOf(routes: readonly Route[]): string[] {
  return routes.flatMap(({ method, hasHead }) => (hasHead ? [method, 'HEAD'] : [method]));
}

function refuseMethod(ctx: RequestContext, onPath: readonly Route[]): never {
  const allow = methodsOf(onPath);
  throw authError('method-unsupported', `${ctx.method} is not supported here`, {
    allow: allow.join(', '),
    hint: `use ${allow.join(' or ')}`,
  });
}

/** koa reads the path from the target, and throws where that is no URL, such as `http://[::1/`. */
const refuseMalformedTarget: Middleware<RequestFacts> = (ctx, next) => {
  try {
    void ctx.path;
  } catch (cause) {
    throw authError('request-invalid', 'the request target is not a URL', {}, cause);
  }
  return next();
};

/** What no route took. @throws AuthError `page-unknown`, `method-unsupported` */
function refuseUnrouted(routes: readonly Route[]): Handler {
  return (ctx) => {
    const onPath = routes.filter((route) => route.path === ctx.path);
    if (onPath.length > 0) refuseMethod(ctx, onPath);
    throw authError('page-unknown', 'there is nothing at this address');
  };
}

/**
 * The table as koa middleware, in their order. The router's own `allowedMethods` would answer 405 as
 * plain text, and it gives every GET a HEAD, also where the table does not.
 */
export function createRouting(routes: readonly Route[]): Middleware<RequestFacts>[] {
  const router = new Router<RequestFacts>({ sensitive: true, strict: true });
  for (const route of routes) {
    router.register(route.path, [route.method], async (ctx: RequestContext) => {
      const onPath = routes.filter(({ path }) => path === route.path);
      if (ctx.method === 'HEAD' && !route.hasHead) refuseMethod(ctx, onPath);
      ctx.state.route = route.name;
      await route.handler(ctx);
    });
  }
  return [
    refuseMalformedTarget,
    router.routes() as Middleware<RequestFacts>,
    refuseUnrouted(routes),
  ];
}
