// The one client for other registries: what everything that talks to one goes through. Made once for
// an upstream, so that its connections, tokens, limits and quota are shared by all who use it.
import type { RepositoryName } from '@portolan/oci';
import type { Clock } from '@portolan/storage';
import {
  createRegistryRepository,
  type RegistryRepository,
} from '../places/registry-repository.ts';
import { createAuthorization } from './authorization.ts';
import { createEgressGuard, type Resolve } from './egress-guard.ts';
import { createEndpoint } from './endpoint.ts';
import { createKnownHosts } from './known-hosts.ts';
import { CLIENT_LIMITS, type ClientLimits } from './limits.ts';
import type { Quota } from './quota.ts';
import type { ClientLogger } from './logger.ts';
import { createRateLimit, type Sleep } from './rate-limit.ts';
import { createRequester, type Requester } from './requester.ts';
import { createRetrying } from './retry.ts';
import { createSentSecrets } from './sent-secrets.ts';
import { createTransport } from './transport.ts';
import type { EgressPolicy, UpstreamCredentials, UpstreamSettings } from './upstream-settings.ts';

export interface RegistryClient {
  /** Of one path there is one; nothing is sent yet. */
  repository(path: RepositoryName): RegistryRepository;
  /** Whether it is there, is a registry and takes the credentials. @throws MirrorError */
  ping(signal: AbortSignal): Promise<void>;
  /** From now on; what is under way goes on with the login that it began with. */
  useCredentials(credentials: UpstreamCredentials | undefined): void;
  /** What the upstream last said of its pull limit. */
  quota(): Quota | undefined;
  /** Breaks off what is still under way. */
  close(): Promise<void>;
}

export interface RegistryClientDeps {
  readonly settings: UpstreamSettings;
  readonly egress: EgressPolicy;
  readonly clock: Clock;
  /** 0 ≤ x < 1. */
  readonly random: () => number;
  readonly sleep: Sleep;
  readonly logger?: ClientLogger;
  readonly onQuota?: (quota: Quota) => void;
  readonly limits?: Partial<ClientLimits>;
  /** The name server; the system's unless told otherwise. */
  readonly resolve?: Resolve;
}

async function ping(requester: Requester, signal: AbortSignal): Promise<void> {
  const request = { method: 'GET', url: '/v2/', scopes: [], signal, what: '/v2/' } as const;
  await requester.ask(request, [200], (answer) => answer.discard());
}

/** @throws MirrorError `request-invalid` when the settings make no sense */
export function createRegistryClient(deps: RegistryClientDeps): RegistryClient {
  const { settings, clock } = deps;
  const limits = { ...CLIENT_LIMITS, ...deps.limits };
  const secrets = createSentSecrets();
  const scrub = (text: string): string => secrets.scrub(text);
  const guard = createEgressGuard(deps.egress, deps.resolve);
  const transport = createTransport(settings, guard, { limits, scrub });
  const retrying = createRetrying({ clock, random: deps.random, sleep: deps.sleep, limits });
  const hosts = createKnownHosts(settings, scrub);
  const { credentials, requestsPerSecond, bytesPerSecond } = settings;
  const authorization = createAuthorization({
    transport,
    hosts,
    credentials,
    secrets,
    clock,
    limits,
  });
  const requester = createRequester({
    transport,
    authorization,
    endpoint: createEndpoint({ settings, transport, retrying }),
    rate: createRateLimit({ requestsPerSecond, bytesPerSecond, clock, sleep: deps.sleep }),
    retrying,
    clock,
    limits,
    onQuota: (quota) => deps.onQuota?.(quota),
  });
  const repositories = new Map<RepositoryName, RegistryRepository>();
  const blobHomes = new Map<string, RepositoryName>();
  return {
    repository(path) {
      const known = repositories.get(path);
      if (known !== undefined) return known;
      const { logger } = deps;
      const repository = createRegistryRepository({
        host: settings.host,
        path,
        requester,
        hosts,
        blobHomes,
        logger,
      });
      repositories.set(path, repository);
      return repository;
    },
    useCredentials: (changed) => authorization.useCredentials(changed),
    ping: (signal) => ping(requester, signal),
    quota: () => requester.quota(),
    close: () => transport.close(),
  };
}
