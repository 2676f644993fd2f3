// How a registry is talked to that a command names: what was typed comes first, then what the registry of
// this machine has stored for its upstreams, then what the person's own container tools know.
import type {
  SkopeoRegistry,
  UpstreamCredentials,
  UpstreamRepository,
  UpstreamSettings,
} from '@portolan/mirror';
import type { ContainerFiles } from '../config/container-files.ts';
import { proxyFor } from '../config/environment-proxy.ts';
import { isLoopback } from '../config/loopback-host.ts';
import type { Environment } from '../config/environment.ts';
import { loginHostOf } from './login-host.ts';
import { readCertificates } from './registry-certificates.ts';
import type { Side, SyncRequest } from './sync-request.ts';
import type { StoredUpstreams } from './with-upstreams.ts';

export interface PlaceSettingsDeps {
  readonly request: Pick<SyncRequest, 'access' | 'allowedHosts'>;
  readonly environment: Environment;
  readonly files: ContainerFiles;
  /** What the auth files of this side know. */
  readonly findLogin: (
    upstream: UpstreamRepository,
    side: Side,
  ) => Promise<UpstreamCredentials | undefined>;
  /** Undefined where there is no registry of ours. */
  readonly stored?: StoredUpstreams | undefined;
}

export interface WantedPlace {
  readonly upstream: UpstreamRepository;
  readonly side: Side;
  readonly registry: SkopeoRegistry | undefined;
}

/** Of the source: what we push to is no upstream, and its endpoint may take no pushes. */
async function storedSettings(
  { stored }: PlaceSettingsDeps,
  { upstream, side }: WantedPlace,
): Promise<UpstreamSettings | undefined> {
  return side === 'src' ? await stored?.settingsOf(upstream.host) : undefined;
}

/** What was typed, then what the registry of this machine knows, then the person's own logins. */
async function findCredentials(
  { request, findLogin }: PlaceSettingsDeps,
  { upstream, side, registry }: WantedPlace,
  stored: UpstreamSettings | undefined,
): Promise<UpstreamCredentials | undefined> {
  const { credentials, isAnonymous } = request.access[side];
  if (registry?.credentials !== undefined) return { kind: 'basic', ...registry.credentials };
  if (credentials !== undefined) return credentials;
  if (isAnonymous) return undefined;
  if (stored?.credentials !== undefined) return stored.credentials;
  const host = loginHostOf({ host: upstream.host, endpoint: stored?.endpoint });
  return host === undefined ? undefined : await findLogin({ ...upstream, host }, side);
}

/** As docker has it, this machine's own registries need no certificate; skopeo wants to be told. */
function verifiesTls(
  { request }: PlaceSettingsDeps,
  { upstream, side, registry }: WantedPlace,
  stored: UpstreamSettings | undefined,
): boolean {
  const asked = registry?.verifiesTls ?? request.access[side].verifiesTls;
  return asked ?? stored?.verifiesTls ?? !isLoopback(upstream.host);
}

async function certificatesFor(
  { request, files }: PlaceSettingsDeps,
  { upstream, side, registry }: WantedPlace,
  stored: UpstreamSettings | undefined,
): Promise<string | undefined> {
  const named = registry?.certDirectory ?? request.access[side].certDirectory;
  if (named === undefined && stored?.ca !== undefined) return stored.ca;
  return readCertificates(upstream.host, named, files.certDirectories);
}

/** @throws DomainError `request-invalid` for files that cannot be read; as StoredUpstreams */
export async function placeSettings(
  deps: PlaceSettingsDeps,
  wanted: WantedPlace,
): Promise<UpstreamSettings> {
  const { request, environment } = deps;
  const { host } = wanted.upstream;
  const stored = await storedSettings(deps, wanted);
  return {
    host,
    endpoint: stored?.endpoint,
    ca: await certificatesFor(deps, wanted, stored),
    verifiesTls: verifiesTls(deps, wanted, stored),
    proxy: stored?.proxy ?? proxyFor(host, environment),
    credentials: await findCredentials(deps, wanted, stored),
    requestsPerSecond: stored?.requestsPerSecond,
    bytesPerSecond: stored?.bytesPerSecond,
    allowedHosts: [...request.allowedHosts, ...(stored?.allowedHosts ?? [])],
  };
}
