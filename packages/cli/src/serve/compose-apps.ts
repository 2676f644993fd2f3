// The composition root: makes the apps that a role needs and joins them on one listener. `/v2/`,
// also behind the name of a mirrored registry, is the registry's; all else is the token service's.
import {
  createAuthApp,
  createPasswordHasher,
  isPublished,
  openSigningKeys,
  publicKeySetOf,
  sourceOf,
} from '@portolan/auth';
import {
  createRegistryApp,
  DEFAULT_LIMITS,
  fileKeySet,
  isRegistryTarget,
  type KeySet,
  remoteKeySet,
  storedKeySet,
} from '@portolan/registry';
import type { Storage } from '@portolan/storage';
import type { IncomingMessage } from 'node:http';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import type { Logger } from 'pino';
import type { PublicNames } from '../config/public-names.ts';
import type { ServeSettings } from '../config/serve-settings.ts';
import { randomId } from '../random-id.ts';
import { createReadAuthorities } from './client-authorities.ts';
import type { RequestHandlers } from './listeners/http-server.ts';
import type { ReadClient } from './listeners/request-client.ts';
import { createCorrelate } from './log/correlation.ts';
import type { ProcessMetrics } from './metrics/process-metrics.ts';
import { createRegistryHealth } from './registry-health.ts';

export interface ComposeDeps {
  readonly settings: ServeSettings;
  readonly names: PublicNames;
  readonly storage: Storage;
  readonly logger: Logger;
  /** Throws while this process should get no requests. */
  readonly checkReady: () => Promise<void>;
  readonly readClient: ReadClient;
  readonly metrics: ProcessMetrics | undefined;
}

const clock = Date.now;

function keySetFor({ settings, storage, logger }: ComposeDeps): KeySet {
  const { jwks } = settings;
  if (jwks === undefined) {
    const load = async () => {
      const keys = await storage.signingKeys.list();
      return publicKeySetOf(keys.filter((key) => isPublished(key, clock())));
    };
    return storedKeySet(load, { clock, generations: storage.generations });
  }
  const report = (err: unknown): void => {
    logger.warn({ err, jwks }, 'the keys cannot be loaded; those of before stay in force');
  };
  return /^https?:/.test(jwks)
    ? remoteKeySet(jwks, { fetch: globalThis.fetch, clock, report })
    : fileKeySet(resolve(jwks), report);
}

function registryHandlers(deps: ComposeDeps, keySet: KeySet): RequestHandlers {
  const { settings, names, storage, logger, readClient, metrics } = deps;
  const app = createRegistryApp({
    content: storage,
    // Somebody else's tokens have no stamp, and one of theirs that had would mean nothing here.
    stamps: settings.jwks === undefined ? storage.stamps : undefined,
    generations: storage.generations,
    keySet,
    issuer: names.issuer,
    service: names.service,
    realm: names.realm,
    publicUrl: names.publicUrl,
    views: storage.views,
    logger,
    clock,
    randomId,
    limits: { ...DEFAULT_LIMITS, accessLog: settings.isAccessLogged },
    correlate: createCorrelate(readClient),
    sourceOf: (request) => sourceOf(readClient(request).address),
    ...metrics?.registry,
  });
  return { request: app.callback(), checkContinue: app.continueCallback() };
}

function certificatesOf({ tls: { directories } }: ServeSettings) {
  return {
    readAuthorities: createReadAuthorities({ directories, clock }),
    async readChallenge(token: string) {
      // Loaded when somebody asks, as for the authorities.
      const { readChallenge } = await import('@portolan/tls');
      return readChallenge(directories.certificates, token);
    },
  };
}

async function authHandlers(deps: ComposeDeps): Promise<RequestHandlers> {
  const { settings, names, storage, logger, checkReady, readClient, metrics } = deps;
  const keys = await openSigningKeys({
    directory: storage.layout.keys,
    store: storage.signingKeys,
    leases: storage.leases,
    clock,
    randomId,
  });
  // All processes together leave a core for everything else, where there is more than one.
  const concurrency = Math.max(1, Math.floor((availableParallelism() - 1) / settings.workers));
  const hasher = createPasswordHasher({ concurrency });
  metrics?.auth.watchHashQueue(() => hasher.queueLength());
  const app = createAuthApp({
    access: storage,
    keys,
    issuer: names.issuer,
    services: [
      { name: names.service, isOwn: true },
      ...settings.otherServices.map((service) => ({ ...service, isOwn: false })),
    ],
    tokenTtlSeconds: settings.tokenTtlSeconds,
    publicUrl: names.publicUrl,
    policy: settings.policy,
    readClient,
    ...certificatesOf(settings),
    checkReady,
    logger,
    clock,
    randomId,
    hasher,
    correlate: createCorrelate(readClient),
    ...(metrics === undefined ? {} : { observe: metrics.auth.observe }),
    viewHasher: createPasswordHasher({ concurrency: 1, maxWaiting: 16 }),
    views: storage.views,
  });
  const request = app.callback();
  return {
    request,
    checkContinue(incoming, response) {
      response.writeContinue();
      request(incoming, response);
    },
  };
}

function routeByPath(registry: RequestHandlers, others: RequestHandlers): RequestHandlers {
  const choose = (request: IncomingMessage): RequestHandlers =>
    isRegistryTarget(request.url ?? '') ? registry : others;
  return {
    request: (request, response) => choose(request).request(request, response),
    checkContinue: (request, response) => choose(request).checkContinue(request, response),
  };
}

export async function composeApps(deps: ComposeDeps): Promise<RequestHandlers> {
  const { role } = deps.settings;
  if (role === 'auth') return authHandlers(deps);
  const keySet = keySetFor(deps);
  const registry = registryHandlers(deps, keySet);
  if (role === 'all') return routeByPath(registry, await authHandlers(deps));
  const { checkReady, logger } = deps;
  const health = createRegistryHealth({ checkReady, keySet, logger, randomId });
  return routeByPath(registry, { request: health, checkContinue: health });
}
