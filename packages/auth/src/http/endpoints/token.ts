// GET and POST /token (reference §3.2): who asks, what of it is allowed, signed. Fewer or no rights
// than asked for is 200; only a bad credential is 401.
import { Scope } from '@portolan/oci';
import type { Subject } from '@portolan/storage';
import { authError } from '../../errors.ts';
import type { PasswordAuthenticator } from '../../identity/authenticate.ts';
import type { RefreshTokens } from '../../identity/refresh-token.ts';
import type { Authorizer } from '../../policy/authorize.ts';
import type { IssuedToken, KeyIdForm, TokenIssuer } from '../../signing/token-issuer.ts';
import { readForm } from '../form-body.ts';
import type { Handler, RequestContext } from '../request-context.ts';
import { readGet, readPost, SERVICE_HINT, type TokenRequest } from './token-request.ts';

/** An audience that tokens are issued for. */
export interface Service {
  readonly name: string;
  /** Ours: it honours the stamp and the catalog filter. */
  readonly isOwn: boolean;
  /** For somebody else's registry: how its tokens name their key. RFC 7638 unless told otherwise. */
  readonly keyId?: KeyIdForm;
}

export interface TokenEndpointDeps {
  readonly services: readonly Service[];
  readonly passwords: PasswordAuthenticator;
  readonly refreshTokens: RefreshTokens;
  readonly authorizer: Authorizer;
  readonly issuer: TokenIssuer;
}

export interface TokenEndpoint {
  readonly get: Handler;
  readonly post: Handler;
}

function tokenBody(issued: IssuedToken, request: TokenRequest, refreshToken: string | undefined) {
  return {
    token: issued.token,
    access_token: issued.token,
    expires_in: issued.expiresInSeconds,
    issued_at: issued.issuedAt.toISOString(),
    ...(request.isForm ? { scope: issued.scope } : {}),
    ...(refreshToken === undefined ? {} : { refresh_token: refreshToken }),
  };
}

export function createTokenEndpoint(deps: TokenEndpointDeps): TokenEndpoint {
  const { passwords, refreshTokens, authorizer, issuer } = deps;
  const services = new Map(deps.services.map((service) => [service.name, service]));

  function findService(name: string): Service {
    const service = services.get(name);
    if (service !== undefined) return service;
    throw authError('service-unknown', 'tokens are not issued for this `service`', {
      service: name.slice(0, 256),
      hint: SERVICE_HINT,
    });
  }

  async function authenticate(request: TokenRequest, source: string | undefined) {
    const { grant } = request;
    if (grant.kind === 'anonymous') return undefined;
    if (grant.kind === 'refresh') return refreshTokens.redeem(grant.token, request.service);
    return passwords.authenticate(grant.pair, source);
  }

  async function refreshTokenFor(request: TokenRequest, subject: Subject | undefined) {
    const { grant } = request;
    if (!request.wantsRefreshToken || subject === undefined) return undefined;
    // A refresh token is good until it is revoked; a second one would outlive that.
    if (grant.kind === 'refresh') return grant.token;
    return refreshTokens.issue(subject, request.service, request.clientId);
  }

  async function answer(ctx: RequestContext, request: TokenRequest): Promise<void> {
    const service = findService(request.service);
    Object.assign(ctx.state, { service: service.name, grant: request.grant.kind });
    const subject = await authenticate(request, ctx.state.source);
    const { access, stamp } = await authorizer.authorize({
      subject,
      scopes: Scope.parseAll(request.scopes),
      isOwnService: service.isOwn,
    });
    const issued = await issuer.issue({
      subject: subject?.name ?? '',
      audience: service.name,
      access,
      stamp: service.isOwn ? stamp : undefined,
      keyIdForm: service.isOwn ? 'rfc7638' : (service.keyId ?? 'rfc7638'),
    });
    Object.assign(ctx.state, { subject: subject?.name ?? '', scope: issued.scope });
    ctx.body = tokenBody(issued, request, await refreshTokenFor(request, subject));
  }

  return {
    get: (ctx) =>
      answer(ctx, readGet(new URLSearchParams(ctx.querystring), ctx.req.headers.authorization)),
    post: async (ctx) => answer(ctx, readPost(await readForm(ctx))),
  };
}
