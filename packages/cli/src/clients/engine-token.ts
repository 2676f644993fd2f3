// A token as an engine gets one: the realm's own query is kept, service and scopes are added. The login
// goes to the registry's own host and the names below it alone.
import type { PlannedRequests, RegistryAddress } from '@portolan/clients';
import { parseChallenges } from '@portolan/mirror';
import type { RegistryAnswer, SendRequest } from './registry-connection.ts';

export interface EngineLogin {
  readonly username: string;
  readonly password: string;
}

export interface TokenRequest {
  /** The `WWW-Authenticate` that the engine has seen. */
  readonly challenge: string;
  readonly plan: PlannedRequests;
  readonly login: EngineLogin | undefined;
}

export interface EngineToken {
  /** Undefined when none was issued. */
  readonly token: string | undefined;
  readonly url: string;
  readonly status: number;
  /** As the token says: `repository:docker.io/library/busybox:pull`. */
  readonly granted: readonly string[];
}

interface AccessEntry {
  readonly type: string;
  readonly name: string;
  readonly actions: readonly string[];
}

function isAccess(value: unknown): value is AccessEntry {
  if (typeof value !== 'object' || value === null) return false;
  const { type, name, actions } = value as Readonly<Record<string, unknown>>;
  return typeof type === 'string' && typeof name === 'string' && Array.isArray(actions);
}

function parseJson(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

/** Read, not verified: whether it is good is for the registry to say. */
function grantedBy(token: string): readonly string[] {
  const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8');
  const { access } = parseJson(payload);
  return (Array.isArray(access) ? access : [])
    .filter(isAccess)
    .filter(({ actions }) => actions.length > 0)
    .map(({ type, name, actions }) => `${type}:${name}:${actions.join(',')}`);
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

function authorization(url: URL, registry: RegistryAddress, login: EngineLogin | undefined) {
  const { protocol, hostname } = new URL(registry.origin);
  const isOurs = url.hostname === hostname || url.hostname.endsWith(`.${hostname}`);
  const isAsSafe = url.protocol === 'https:' || url.protocol === protocol;
  if (login === undefined || !isOurs || !isAsSafe) return {};
  const pair = Buffer.from(`${login.username}:${login.password}`).toString('base64');
  return { authorization: `Basic ${pair}` };
}

function readToken({ status, body }: RegistryAnswer): string | undefined {
  if (status !== 200) return undefined;
  const { token, access_token: accessToken } = parseJson(body.toString('utf8'));
  if (typeof token === 'string') return token;
  return typeof accessToken === 'string' ? accessToken : undefined;
}

/** Undefined when the challenge names no realm. */
export async function getEngineToken(
  request: TokenRequest,
  { registry, send }: { readonly registry: RegistryAddress; readonly send: SendRequest },
): Promise<EngineToken | undefined> {
  const url = tokenUrl(request);
  if (url === undefined) return undefined;
  const headers = authorization(url, registry, request.login);
  // A token service may be another machine; the registry is where we were told.
  const to = url.host === registry.host ? 'registry' : 'named host';
  const answer = await send({ method: 'GET', url: url.href, headers }, to);
  const token = readToken(answer);
  const granted = token === undefined ? [] : grantedBy(token);
  return { token, url: url.href, status: answer.status, granted };
}
