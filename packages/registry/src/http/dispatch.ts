// From a request to its handler: route, name, access, and only then the handler. A handler is never
// reached without a token that grants what its row in the table asks.
import { RepositoryName, type UpstreamHost } from '@portolan/oci';
import type { IncomingMessage } from 'node:http';
import type { RequireAccess } from '../access/require-access.ts';
import { RegistryError } from '../registry-error.ts';
import { repositoryInView, type ResolveView, type SentTarget } from '../views/resolve-view.ts';
import { createRouteMatcher, type RouteMatch } from './match-route.ts';
import type { ObserveRoute } from './observation.ts';
import type {
  EndpointDeps,
  Handler,
  RegistryContext,
  RegistryRequest,
  RepositoryRequest,
} from './request.ts';
import { setCommonHeaders } from './reply.ts';
import { ROUTES, type Route } from './routes.ts';

/** A row with its handler made; which kind of request that takes is decided by the pattern. */
interface Endpoint {
  readonly name: string;
  readonly method: string;
  readonly pattern: string;
  readonly access: Route['access'];
  readonly registryHandler: Handler<RegistryRequest> | undefined;
  readonly repositoryHandler: Handler<RepositoryRequest> | undefined;
}

const NO_QUERY = new URLSearchParams();

function isOfRegistry(route: Route): route is Route & { access: 'any-token' | 'catalog' } {
  return route.access === 'any-token' || route.access === 'catalog';
}

function makeEndpoint(route: Route, deps: EndpointDeps): Endpoint {
  const { name, method, pattern, access } = route;
  const row = { name, method, pattern, access };
  return isOfRegistry(route)
    ? { ...row, registryHandler: route.handler(deps), repositoryHandler: undefined }
    : { ...row, registryHandler: undefined, repositoryHandler: route.handler(deps) };
}

function routeUnknown(): never {
  throw new RegistryError('route-unknown', 'there is no such endpoint');
}

function methodNotAllowed(message: string, allow: Iterable<string>): never {
  const headers = { Allow: [...allow].join(', ') };
  throw new RegistryError('method-not-allowed', message, {}, headers);
}

function selectEndpoint(match: RouteMatch<Endpoint> | undefined, method: string): Endpoint {
  if (match === undefined) return routeUnknown();
  const endpoint = match.routes.get(method);
  return endpoint ?? methodNotAllowed('the method is not supported here', match.routes.keys());
}

const READING: ReadonlySet<string> = new Set(['GET', 'HEAD']);

/** A view is for pulls: what a mirrored registry has is written by the mirror, under canonical names. */
function selectInView(match: RouteMatch<Endpoint> | undefined, method: string): Endpoint {
  if (!READING.has(method)) methodNotAllowed('a view of a mirrored registry is read-only', READING);
  const endpoint = selectEndpoint(match, method);
  const isOffered = endpoint.access === 'pull' || endpoint.access === 'any-token';
  return isOffered ? endpoint : routeUnknown();
}

/** The repository that a mount wants to read, for the challenge; a malformed one is none. */
function mountSource(endpoint: Endpoint, query: URLSearchParams): RepositoryName | undefined {
  if (endpoint.name !== 'upload-begin' || !query.has('mount')) return undefined;
  return RepositoryName.find(query.get('from') ?? '');
}

function readTarget({ url = '', headers: { host } }: IncomingMessage): SentTarget {
  const mark = url.indexOf('?');
  if (mark === -1) return { host, path: url, query: NO_QUERY };
  return { host, path: url.slice(0, mark), query: new URLSearchParams(url.slice(mark + 1)) };
}

function noteView(ctx: RegistryContext, view: UpstreamHost | undefined): void {
  if (view === undefined) return;
  ctx.state.view = view;
  // Once more: now they tell the view, too.
  setCommonHeaders(ctx);
}

export interface DispatchDeps extends EndpointDeps {
  readonly resolveView: ResolveView;
  readonly requireAccess: RequireAccess;
  readonly observeRoute: ObserveRoute | undefined;
}

export function createDispatch(dispatching: DispatchDeps) {
  const { resolveView, requireAccess, observeRoute, ...deps } = dispatching;
  const matchRoute = createRouteMatcher(ROUTES.map((route) => makeEndpoint(route, deps)));

  return async (ctx: RegistryContext): Promise<void> => {
    const sent = readTarget(ctx.req);
    const { path, query } = sent;
    const { view, path: route } = await resolveView(sent);
    noteView(ctx, view);
    const select = view === undefined ? selectEndpoint : selectInView;
    const match = matchRoute(route);
    const endpoint = select(match, ctx.req.method ?? '');
    const { name, parameter = '' } = match ?? {};
    ctx.state.route = endpoint.name;
    observeRoute?.(endpoint.name);
    const repository = name === undefined ? undefined : repositoryInView(view, name);
    if (repository !== undefined) {
      ctx.state.repository = repository;
      ctx.state.reference = parameter.slice(0, 256);
    }
    const { caller, whileGranted } = await requireAccess({
      authorization: ctx.req.headers.authorization,
      access: endpoint.access,
      view,
      repository,
      mountSource: mountSource(endpoint, query),
      uploadId: parameter,
    });
    ctx.state.subject = caller.subject;
    await endpoint.registryHandler?.(ctx, { path, query, caller });
    if (repository !== undefined) {
      const request = { path, query, caller, repository, parameter, whileGranted };
      await endpoint.repositoryHandler?.(ctx, request);
    }
  };
}
