// A token as an engine gets one: the realm's own query is kept, service and scopes are added. The login
// goes to the registry's own host and the names below it alone.
import type { PlannedRequests, RegistryAddress } from '@portolan/clients';
import { parseChallenges } from '@portolan/mirror';
import { basicHeader, mayHaveLogin, type RegistryLogin } from '../connection/registry-login.ts';
import { accessOf, readToken } from '../connection/token-answer.ts';
import type { SendRequest } from './registry-connection.ts';

export interface TokenRequest {
  /** The `WWW-Authenticate` that the engine has seen. */
  readonly challenge: string;
  readonly plan: PlannedRequests;
  readonly login: RegistryLogin | undefined;
}

export interface EngineToken {
  /** Undefined when none was issued. */
  readonly token: string | undefined;
  readonly url: string;
  readonly status: number;
  /** As the token says: `repository:docker.io/library/busybox:pull`. */
  readonly granted: readonly string[];
}

function tokenUrl({ challenge, plan }: TokenRequest): URL | undefined {
  const bearer = parseChallenges(challenge).find(({ scheme }) => scheme === 'bearer');
  const url = URL.parse(bearer?.parameters.get('realm') ?? '');
  if (bearer === undefined || url === null) return undefined;
  const service = bearer.parameters.get('service');
  if (service !== undefined) url.searchParams.set('service', service);
  const challenged = plan.takesChallengedScope ? bearer.parameters.get('scope') : undefined;
  const scopes = new Set([plan.ownScope, ...(challenged === undefined ? [] : [challenged])]);
  for (const scope of [...scopes].sort()) url.searchParams.append('scope', scope);
  return url;
}

/** Undefined when the challenge names no realm. */
export async function getEngineToken(
  request: TokenRequest,
  { registry, send }: { readonly registry: RegistryAddress; readonly send: SendRequest },
): Promise<EngineToken | undefined> {
  const url = tokenUrl(request);
  if (url === undefined) return undefined;
  const { login } = request;
  const headers = login !== undefined && mayHaveLogin(registry, url) ? basicHeader(login) : {};
  // A token service may be another machine; the registry is where we were told.
  const to = url.host === registry.host ? 'registry' : 'named host';
  const { status, body } = await send({ method: 'GET', url: url.href, headers }, to);
  const token = status === 200 ? readToken(body) : undefined;
  const access = token === undefined ? [] : accessOf(token);
  const granted = access.map(({ type, name, actions }) => `${type}:${name}:${actions.join(',')}`);
  return { token, url: url.href, status, granted };
}
