// GET and POST /token (reference §3.2): who asks, what of it is allowed, signed. Fewer or no rights
// than asked for is 200; only a bad credential is 401.
import { Scope } from '@portolan/oci';
import type { Subject } from '@portolan/storage';
import { authError } from '../../errors.ts';
import type { PasswordAuthenticator } from '../../identity/authenticate.ts';
import type { RefreshTokens } from '../../identity/refresh-token.ts';
import type { Authorizer } from '../../policy/authorize.ts';
import type { IssuedToken, KeyIdForm, TokenIssuer } from '../../signing/token-issuer.ts';
import { type ReadTokenView, scopesInView, type TokenView } from '../../views/token-view.ts';
import type { ViewLogin } from '../../views/view-login.ts';
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
  readonly readView: ReadTokenView;
  readonly viewLogin: ViewLogin;
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
  const { passwords, refreshTokens, readView, viewLogin, authorizer, issuer } = deps;
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

  /** Without a scope it is a login, which must say when it has failed. */
  async function authenticateInView(request: TokenRequest, source: string | undefined) {
    const { grant, service, scopes } = request;
    if (grant.kind === 'anonymous') return undefined;
    const subject =
      grant.kind === 'refresh'
        ? await viewLogin.byRefreshToken(grant.token, service)
        : await viewLogin.byPassword(grant.pair, source);
    if (subject !== undefined || scopes.length > 0) return subject;
    throw authError('credentials-invalid', 'incorrect user name or password');
  }

  async function refreshTokenFor(request: TokenRequest, subject: Subject | undefined) {
    const { grant } = request;
    if (!request.wantsRefreshToken || subject === undefined) return undefined;
    // A refresh token is good until it is revoked; a second one would outlive that.
    if (grant.kind === 'refresh') return grant.token;
    return refreshTokens.issue(subject, request.service, request.clientId);
  }

  async function answer(
    ctx: RequestContext,
    request: TokenRequest,
    view: TokenView | undefined,
  ): Promise<void> {
    const service = findService(request.service);
    Object.assign(ctx.state, { service: service.name, grant: request.grant.kind });
    if (view?.host !== undefined) ctx.state.view = view.host;
    const identify = view === undefined ? authenticate : authenticateInView;
    const subject = await identify(request, ctx.state.source);
    // In a view a login that is nobody's here is somebody's elsewhere, and was dropped.
    if (subject === undefined) ctx.state.grant = 'anonymous';
    const scopes = Scope.parseAll(request.scopes);
    const { access, stamp } = await authorizer.authorize({
      subject,
      scopes: view === undefined ? scopes : scopesInView(view, scopes),
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
    async get(ctx) {
      const query = new URLSearchParams(ctx.querystring);
      const view = await readView(query);
      const { authorization } = ctx.req.headers;
      const request = readGet(query, { authorization, isThroughView: view !== undefined });
      await answer(ctx, request, view);
    },
    async post(ctx) {
      // The form goes to the realm as it was given, with its query.
      const view = await readView(new URLSearchParams(ctx.querystring));
      await answer(ctx, readPost(await readForm(ctx)), view);
    },
  };
}
