// Reads a token request in its two spellings (reference §3.2): GET with Basic, as docker, podman and
// crane send it, and the OAuth 2 form by POST, as containerd, helm and identity tokens use it.
import { authError } from '../../errors.ts';
import {
  findBasic,
  findIdentityToken,
  type NameAndPassword,
  parseBasic,
} from '../../identity/basic-credentials.ts';

export type Grant =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'password'; readonly pair: NameAndPassword }
  | { readonly kind: 'refresh'; readonly token: string };

export interface TokenRequest {
  readonly grant: Grant;
  /** The audience that is asked for; not yet known to be one of ours. */
  readonly service: string;
  /** As sent: repeated, or lists, or both. */
  readonly scopes: readonly string[];
  readonly clientId: string;
  readonly wantsRefreshToken: boolean;
  /** The OAuth form answers with the granted scope. */
  readonly isForm: boolean;
}

export const SERVICE_HINT = "send the `service` of the registry's WWW-Authenticate challenge";

/** The one value of a parameter; two would leave open which of them was checked. */
function single(parameters: URLSearchParams, name: string): string | undefined {
  const values = parameters.getAll(name);
  if (values.length > 1) {
    throw authError('request-invalid', `\`${name}\` is given more than once`);
  }
  return values[0] === '' ? undefined : values[0];
}

function required(parameters: URLSearchParams, name: string, hint: string): string {
  const value = single(parameters, name);
  if (value !== undefined) return value;
  throw authError('request-invalid', `\`${name}\` is missing`, { hint });
}

function readService(parameters: URLSearchParams): string {
  return required(parameters, 'service', SERVICE_HINT);
}

export interface GetOptions {
  readonly authorization: string | undefined;
  /** Through a view a scope is asked for with whatever an engine has, readable or not. */
  readonly isThroughView: boolean;
}

function grantOf(
  authorization: string | undefined,
  read: (header: string) => NameAndPassword | undefined,
): Grant {
  const pair = authorization === undefined ? undefined : read(authorization);
  return pair === undefined ? { kind: 'anonymous' } : { kind: 'password', pair };
}

/** Where nothing is refused, a client is never told to try again by POST, as it is elsewhere. */
function grantThroughView(authorization: string | undefined): Grant {
  const token = authorization === undefined ? undefined : findIdentityToken(authorization);
  return token === undefined ? grantOf(authorization, findBasic) : { kind: 'refresh', token };
}

// `account` is read nowhere: who asks is known from authentication alone (Portus flaw 2).
export function readGet(
  query: URLSearchParams,
  { authorization, isThroughView }: GetOptions,
): TokenRequest {
  const service = readService(query);
  const scopes = query.getAll('scope').filter((scope) => scope.trim() !== '');
  const isPull = isThroughView && scopes.length > 0;
  const grant = isPull ? grantThroughView(authorization) : grantOf(authorization, parseBasic);
  if (grant.kind === 'anonymous' && scopes.length === 0) {
    // Without a scope it is a login, and there is nobody to log in.
    throw authError('credentials-missing', 'authentication required', {
      hint: 'send user name and password, or ask for a scope',
    });
  }
  return {
    grant,
    service,
    scopes,
    clientId: query.get('client_id') ?? '',
    wantsRefreshToken: grant.kind !== 'anonymous' && query.get('offline_token') === 'true',
    isForm: false,
  };
}

function readGrant(form: URLSearchParams): Grant {
  const grantType = required(form, 'grant_type', 'use `password` or `refresh_token`');
  switch (grantType) {
    case 'password':
      return {
        kind: 'password',
        pair: {
          name: required(form, 'username', 'send the user name'),
          password: single(form, 'password') ?? '',
        },
      };
    case 'refresh_token':
      return {
        kind: 'refresh',
        token: required(form, 'refresh_token', 'send the token that a login gave'),
      };
    default:
      throw authError('grant-type-unsupported', '`grant_type` is not supported', {
        hint: 'use `password` or `refresh_token`',
      });
  }
}

export function readPost(form: URLSearchParams): TokenRequest {
  const grant = readGrant(form);
  return {
    grant,
    service: readService(form),
    scopes: form.getAll('scope').filter((scope) => scope.trim() !== ''),
    clientId: required(form, 'client_id', 'send the name of the client program'),
    wantsRefreshToken: form.get('access_type') === 'offline',
    isForm: true,
  };
}
