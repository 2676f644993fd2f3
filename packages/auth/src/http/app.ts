// The token service as a koa app: wiring only.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AccessStores, ViewStore } from '@portolan/storage';
import Koa from 'koa';
import type { Logger } from 'pino';
import { createPasswordAuthenticator } from '../identity/authenticate.ts';
import { createLoginThrottle } from '../identity/login-throttle.ts';
import type { PasswordHasher } from '../identity/password-hasher.ts';
import { createRefreshTokens, type RefreshTokens } from '../identity/refresh-token.ts';
import type { ReadClient } from '../identity/source-address.ts';
import { createAuthorizer } from '../policy/authorize.ts';
import type { PolicySettings } from '../policy/repository-policy.ts';
import type { SigningKeys } from '../signing/signing-keys.ts';
import { createTokenIssuer } from '../signing/token-issuer.ts';
import { createTokenViews } from '../views/token-view.ts';
import { createViewLogin } from '../views/view-login.ts';
import { createAcmeChallenge, type ReadChallenge } from './endpoints/acme-challenge.ts';
import {
  createCaCertificate,
  createCaFingerprint,
  type ReadAuthorities,
} from './endpoints/ca-certificate.ts';
import { createFrontPage } from './endpoints/front-page.ts';
import { createReadyz, livez } from './endpoints/health.ts';
import { createJwksEndpoint } from './endpoints/jwks.ts';
import { createTokenEndpoint, type Service } from './endpoints/token.ts';
import { createErrorMiddleware } from './error-middleware.ts';
import type { Correlate, ObserveRequest } from './observation.ts';
import type { RequestFacts } from './request-context.ts';
import { createRequestLog } from './request-log.ts';
import { createRouting, routeTable } from './routes.ts';
import { securityHeaders } from './security-headers.ts';
import { closeOnUnreadBody } from './unread-body.ts';

export interface AuthDeps {
  readonly access: Pick<AccessStores, 'subjects' | 'credentials' | 'loginFailures' | 'namespaces'>;
  readonly keys: SigningKeys;
  /** `iss` of every token. */
  readonly issuer: string;
  /** The audiences that tokens may be issued for; no other is. */
  readonly services: readonly Service[];
  /** 60 to 3600. */
  readonly tokenTtlSeconds: number;
  /** Where clients reach this host, such as `https://registry.lan`. */
  readonly publicUrl: string;
  readonly policy: PolicySettings;
  /** Knows which proxies' headers count. */
  readonly readClient: ReadClient;
  /** Throws while the stores cannot be used. */
  readonly checkReady: () => Promise<void>;
  /** The authority that is built in, and what an ACME server wants to see. */
  readonly readAuthorities: ReadAuthorities;
  readonly readChallenge: ReadChallenge;
  readonly logger: Logger;
  readonly clock: () => number;
  readonly randomId: () => string;
  readonly hasher: PasswordHasher;
  /** For what engines send through views, so that no login waits behind it. */
  readonly viewHasher: PasswordHasher;
  /** The mirrored registries that can be seen under their own names. */
  readonly views: ViewStore;
  readonly observe?: ObserveRequest;
  readonly correlate?: Correlate;
}

export interface AuthApp {
  /** A listener for node's `http.Server`. */
  callback(): (request: IncomingMessage, response: ServerResponse) => void;
}

function viewLogin({ access, clock, viewHasher }: AuthDeps, refreshTokens: RefreshTokens) {
  const throttle = createLoginThrottle(access.loginFailures, clock, 'view-');
  const passwords = createPasswordAuthenticator({ access, throttle, hasher: viewHasher, clock });
  return createViewLogin({ passwords, refreshTokens, subjects: access.subjects, clock });
}

function tokenEndpoint(deps: AuthDeps) {
  const { access, clock, randomId, hasher } = deps;
  const throttle = createLoginThrottle(access.loginFailures, clock);
  const { credentials } = access;
  const refreshTokens = createRefreshTokens({ credentials, clock, randomId });
  return createTokenEndpoint({
    services: deps.services,
    passwords: createPasswordAuthenticator({ access, throttle, hasher, clock }),
    refreshTokens,
    readView: createTokenViews(deps.publicUrl, deps.views),
    viewLogin: viewLogin(deps, refreshTokens),
    authorizer: createAuthorizer({ namespaces: access.namespaces, settings: deps.policy }),
    issuer: createTokenIssuer({
      keys: deps.keys,
      issuer: deps.issuer,
      ttlSeconds: deps.tokenTtlSeconds,
      clock,
      randomId,
    }),
  });
}

export function createAuthApp(deps: AuthDeps): AuthApp {
  const token = tokenEndpoint(deps);
  const routing = createRouting(
    routeTable({
      frontPage: createFrontPage(deps.publicUrl),
      getToken: token.get,
      postToken: token.post,
      jwks: createJwksEndpoint(deps.keys),
      caCertificate: createCaCertificate(deps.readAuthorities),
      caFingerprint: createCaFingerprint(deps.readAuthorities),
      acmeChallenge: createAcmeChallenge(deps.readChallenge),
      livez,
      readyz: createReadyz(deps),
    }),
  );
  // `proxy` stays off: koa would believe headers that anybody can send (`readClient`).
  const app = new Koa<RequestFacts>({ proxy: false });
  app.on('error', (error: Error) => {
    deps.logger.warn({ err: error }, 'connection failed');
  });
  // Outermost first. The log sees the final status; only what the last one stands around throws.
  app.use(createRequestLog(deps));
  app.use(closeOnUnreadBody());
  app.use(securityHeaders(deps.publicUrl));
  app.use(createErrorMiddleware({ logger: deps.logger, realm: new URL(deps.publicUrl).host }));
  for (const middleware of routing) app.use(middleware);
  const handle = app.callback();
  return {
    callback: () => (request, response) => {
      // koa answers every failure itself; what it returns only says when.
      void handle(request, response);
    },
  };
}
