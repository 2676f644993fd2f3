// Tokens as clients get them: by the challenge, from the realm, with the login that was given. Only the push
// may take one that is signed here.
import { parseChallenges } from '@portolan/mirror';
import { basicHeader, mayHaveLogin, type RegistryLogin } from '../connection/registry-login.ts';
import { accessOf, readToken } from '../connection/token-answer.ts';
import type { Server } from './server.ts';

export interface Challenge {
  readonly realm: string;
  readonly service: string;
}

/** The token service is somebody else's, for all that we know. */
export class LoginWithheld extends Error {
  override readonly name = 'LoginWithheld';
}

/** A repository that nobody has. */
export const NOWHERE = 'portolan-doctor/none';

export class TokenRefused extends Error {
  override readonly name = 'TokenRefused';
  readonly status: number;

  constructor(status: number) {
    super(`the token service answers ${status}`);
    this.status = status;
  }
}

/** The challenge, or why there is none. */
export async function getChallenge({ connection }: Server): Promise<Challenge | string> {
  const { status, headers } = await connection.send({ url: '/v2/' });
  const bearer = parseChallenges(headers.get('www-authenticate') ?? '').find(
    ({ scheme }) => scheme === 'bearer',
  );
  if (status !== 401) return `/v2/ answers ${status} in place of 401`;
  if (bearer === undefined) return '/v2/ answers 401 without a Bearer challenge';
  const { parameters } = bearer;
  return { realm: parameters.get('realm') ?? '', service: parameters.get('service') ?? '' };
}

export interface TokenRequest {
  /** Undefined asks for no scope: a login. */
  readonly repository: string | undefined;
  readonly actions?: string;
  readonly login: RegistryLogin | undefined;
}

export interface GrantedToken {
  readonly token: string;
  readonly granted: readonly string[];
}

/** @throws TokenRefused */
export async function requestToken(
  server: Server,
  { repository, actions = 'pull,push,delete', login }: TokenRequest,
): Promise<GrantedToken> {
  const challenge = await getChallenge(server);
  if (typeof challenge === 'string') throw new Error(challenge);
  const url = new URL(challenge.realm);
  url.searchParams.set('service', challenge.service);
  if (repository !== undefined) {
    url.searchParams.set('scope', `repository:${repository}:${actions}`);
  }
  if (login !== undefined && !mayHaveLogin(server.address, url)) {
    throw new LoginWithheld(
      `the login is not sent to ${url.origin}, which is not ${server.address.host}`,
    );
  }
  const headers = login === undefined ? {} : basicHeader(login);
  const { status, body } = await server.connection.send({ url: url.href, headers });
  if (status !== 200) throw new TokenRefused(status);
  const token = readToken(body);
  if (token === undefined) throw new TokenRefused(status);
  return { token, granted: accessOf(token).flatMap((access) => access.actions) };
}

/** @throws TokenRefused */
export async function getToken(server: Server, repository: string | undefined): Promise<string> {
  // Without a login a token has to be for something; for nothing that exists will do.
  const scope = repository ?? (server.login === undefined ? NOWHERE : undefined);
  return (await requestToken(server, { repository: scope, login: server.login })).token;
}
