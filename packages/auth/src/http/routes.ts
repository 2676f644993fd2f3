// Every route of the token service, with who may use it beside each.
import { authError } from '../errors.ts';
import type { Handler, RequestContext } from './request-context.ts';

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
    { name: 'livez', method: 'GET', path: '/livez', access: 'everyone', hasHead: true, handler: handlers.livez },
    { name: 'readyz', method: 'GET', path: '/readyz', access: 'everyone', hasHead: true, handler: handlers.readyz },
  ];
}

function answers(route: Route, method: string): boolean {
  return route.method === method || (method === 'HEAD' && route.hasHead);
}

/** Runs the route of a request. @throws AuthError `page-unknown`, `method-unsupported` */
export function createDispatcher(routes: readonly Route[]): Handler {
  return async (ctx: RequestContext) => {
    const onPath = routes.filter((route) => route.path === ctx.path);
    const route = onPath.find((candidate) => answers(candidate, ctx.method));
    if (route !== undefined) {
      ctx.state.route = route.name;
      await route.handler(ctx);
      return;
    }
    if (onPath.length === 0) throw authError('page-unknown', 'there is nothing at this address');
    const allow = onPath.flatMap(({ method, hasHead }) => (hasHead ? [method, 'HEAD'] : [method]));
    throw authError('method-unsupported', `${ctx.method} is not supported here`, {
      allow: allow.join(', '),
      hint: `use ${allow.join(' or ')}`,
    });
  };
}
