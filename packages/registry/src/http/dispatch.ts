// From a request to its handler: route, name, access, and only then the handler. A handler is never
// reached without a token that grants what its row in the table asks.
import { RepositoryName } from '@portolan/oci';
import type { RequireAccess } from '../access/require-access.ts';
import { RegistryError } from '../registry-error.ts';
import { createRouteMatcher, type RouteMatch } from './match-route.ts';
import type {
  EndpointDeps,
  Handler,
  RegistryContext,
  RegistryRequest,
  RepositoryRequest,
} from './request.ts';
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

function selectEndpoint(match: RouteMatch<Endpoint> | undefined, method: string): Endpoint {
  if (match === undefined) throw new RegistryError('route-unknown', 'there is no such endpoint');
  const endpoint = match.routes.get(method);
  if (endpoint !== undefined) return endpoint;
  const allow = [...match.routes.keys()].join(', ');
  const headers = { Allow: allow };
  throw new RegistryError('method-not-allowed', 'the method is not supported here', {}, headers);
}

/** The repository that a mount wants to read, for the challenge; a malformed one is none. */
function mountSource(endpoint: Endpoint, query: URLSearchParams): RepositoryName | undefined {
  if (endpoint.name !== 'upload-begin' || !query.has('mount')) return undefined;
  return RepositoryName.find(query.get('from') ?? '');
}

export function createDispatch(deps: EndpointDeps, requireAccess: RequireAccess) {
  const matchRoute = createRouteMatcher(ROUTES.map((route) => makeEndpoint(route, deps)));

  return async (ctx: RegistryContext): Promise<void> => {
    const url = ctx.req.url ?? '';
    const mark = url.indexOf('?');
    const match = matchRoute(mark === -1 ? url : url.slice(0, mark));
    const endpoint = selectEndpoint(match, ctx.req.method ?? '');
    const query = mark === -1 ? NO_QUERY : new URLSearchParams(url.slice(mark + 1));
    const { name, parameter = '' } = match ?? {};
    ctx.state.route = endpoint.name;
    const repository = name === undefined ? undefined : RepositoryName.parse(name);
    if (repository !== undefined) {
      ctx.state.repository = repository;
      ctx.state.reference = parameter.slice(0, 256);
    }
    const { caller, confirm } = await requireAccess({
      authorization: ctx.req.headers.authorization,
      access: endpoint.access,
      repository,
      mountSource: mountSource(endpoint, query),
      uploadId: parameter,
    });
    ctx.state.identity = caller.subject;
    await endpoint.registryHandler?.(ctx, { query, caller });
    if (repository !== undefined) {
      const request = { query, caller, repository, parameter, confirmAccess: confirm };
      await endpoint.repositoryHandler?.(ctx, request);
    }
  };
}
