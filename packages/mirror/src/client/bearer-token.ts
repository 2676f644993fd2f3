// Asking a token service for a token: GET with Basic or nothing, or POST with a refresh ("identity")
// token (distribution's "Token Authentication Specification" and "OAuth2 Token Authentication").
import type { Clock } from '@portolan/storage';
import { mirrorError } from '../errors.ts';
import type { Answer } from './answer.ts';
import type { ClientLimits } from './limits.ts';
import { refusal } from './refusal.ts';
import type { Transport } from './transport.ts';
import type { UpstreamCredentials } from './upstream-settings.ts';

export interface TokenRequest {
  /** Already checked: credentials may go there. */
  readonly realm: URL;
  readonly service: string | undefined;
  readonly scopes: readonly string[];
}

export interface BearerToken {
  readonly token: string;
  readonly expiresAt: number;
}

export interface TokenDeps {
  readonly transport: Transport;
  readonly credentials: UpstreamCredentials | undefined;
  readonly clock: Clock;
  readonly limits: ClientLimits;
}

/** The specification's default, and what docker takes for anything shorter. */
const SHORTEST_LIFE_SECONDS = 60;
const CLIENT_ID = 'portolan';
/** RFC 6750 §2.1, a little wider: whatever is one word in a header. */
const TOKEN = /^[\x21-\x7e]+$/;

export function basicAuthorization(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

function post(request: TokenRequest, refreshToken: string, deps: TokenDeps, signal: AbortSignal) {
  const form = new URLSearchParams({
    grant_type: 'refresh_token',
    refresh_token: refreshToken,
    client_id: CLIENT_ID,
    service: request.service ?? request.realm.host,
  });
  if (request.scopes.length > 0) form.set('scope', request.scopes.join(' '));
  return deps.transport.exchange({
    method: 'POST',
    url: request.realm,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: form.toString(),
    signal,
  });
}

function get(request: TokenRequest, deps: TokenDeps, signal: AbortSignal): Promise<Answer> {
  const url = new URL(request.realm);
  if (request.service !== undefined) url.searchParams.set('service', request.service);
  for (const scope of request.scopes) url.searchParams.append('scope', scope);
  const headers: Record<string, string> = {};
  if (deps.credentials?.kind === 'basic') {
    const { username, password } = deps.credentials;
    url.searchParams.set('account', username);
    headers['authorization'] = basicAuthorization(username, password);
  }
  return deps.transport.exchange({ method: 'GET', url, headers, signal });
}

function noToken(url: URL) {
  const detail = { host: url.host };
  return mirrorError('upstream-unexpected', `${url.host} answers with no usable token`, detail);
}

function parseToken(body: Buffer, url: URL, now: number): BearerToken {
  let document: unknown;
  try {
    document = JSON.parse(body.toString());
  } catch {
    // What JSON.parse says quotes the body, which may have a token in it.
    throw noToken(url);
  }
  const fields = typeof document === 'object' && document !== null ? document : {};
  const { token, access_token, expires_in } = fields as Record<string, unknown>;
  const value = token ?? access_token;
  if (typeof value !== 'string' || !TOKEN.test(value)) throw noToken(url);
  const seconds = typeof expires_in === 'number' ? expires_in : SHORTEST_LIFE_SECONDS;
  const life = Math.max(SHORTEST_LIFE_SECONDS, Number.isFinite(seconds) ? seconds : 0);
  return { token: value, expiresAt: now + life * 1000 };
}

/** Redirects are not followed: the realm was checked, the next place would not be. */
export async function requestToken(
  request: TokenRequest,
  deps: TokenDeps,
  signal: AbortSignal,
): Promise<BearerToken> {
  const now = deps.clock();
  const answer =
    deps.credentials?.kind === 'identity-token'
      ? await post(request, deps.credentials.token, deps, signal)
      : await get(request, deps, signal);
  if (answer.status === 200) {
    return parseToken(await answer.bytes(deps.limits.maxTokenBytes), answer.url, now);
  }
  throw await refusal(answer, deps, 'token');
}
