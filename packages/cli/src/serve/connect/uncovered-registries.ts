// Mirrored registries that we stand in for without a certificate to show: engines that ask for them get an
// error of TLS, which says little. So the log says it, when the server starts and when there is one more,
// with the command that makes it right.
import { UpstreamHost } from '@portolan/oci';
import type { ViewStore } from '@portolan/storage';
import { isIP } from 'node:net';
import type { Logger } from 'pino';
import type { CertificateName, Uncovered } from '@portolan/tls';
import type { ServeSettings } from '../../config/serve-settings.ts';

export interface UncoveredRegistriesDeps {
  readonly settings: Pick<ServeSettings, 'listen' | 'tls'>;
  readonly publicUrl: string;
  readonly views: Pick<ViewStore, 'all'>;
  readonly logger: Logger;
  readonly everyMs?: number;
}

const EVERY_MS = 30_000;
/** Where engines look for `docker.io`. */
const DOCKER_HUB_SERVER = 'registry-1.docker.io';

function isStandIn({ listen, tls }: UncoveredRegistriesDeps['settings']): boolean {
  return listen.some(
    ({ scheme }) => scheme === 'connect' || (scheme === 'https' && tls.impersonates),
  );
}

function bareHost(host: string): string {
  return host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
}

function serverOf(host: UpstreamHost): string {
  return host === UpstreamHost.DOCKER_HUB ? DOCKER_HUB_SERVER : bareHost(host);
}

/** For what the authority may do now, and what it lacks. */
async function commandFor(
  hosts: readonly string[],
  publicUrl: string,
  { authority }: Uncovered,
): Promise<string> {
  const { authorityOptions } = await import('@portolan/tls');
  const own = bareHost(new URL(publicUrl).hostname);
  const ours =
    isIP(own) === 0 ? { domains: [own], networks: [] } : { domains: [], networks: [own] };
  const registries = hosts.map(bareHost);
  const options = authorityOptions(authority?.constraints ?? ours, { registries });
  return `portolan ca init ${authority === undefined ? '' : '--force-new '}${options}`;
}

async function namesOf(views: UncoveredRegistriesDeps['views']) {
  const { CertificateName } = await import('@portolan/tls');
  const names = new Map<CertificateName, UpstreamHost>();
  for (const namespace of await views.all()) {
    const host = UpstreamHost.ofNamespace(namespace);
    const name = host && CertificateName.find(serverOf(host));
    if (host !== undefined && name !== undefined) names.set(name, host);
  }
  return names;
}

export interface UncoveredRegistries {
  readonly registries: readonly UpstreamHost[];
  /** Makes an authority for them, and for all that the one before is for. */
  readonly command: string;
}

/** Undefined where each has a certificate. @throws TlsError `authority-invalid` */
export async function findUncoveredRegistries(
  deps: Pick<UncoveredRegistriesDeps, 'settings' | 'publicUrl' | 'views'>,
): Promise<UncoveredRegistries | undefined> {
  const { settings, publicUrl, views } = deps;
  const names = await namesOf(views);
  if (names.size === 0) return undefined;
  const { findUncovered } = await import('@portolan/tls');
  const uncovered = await findUncovered(settings.tls.directories, [...names.keys()]);
  const registries = uncovered.names.flatMap((name) => names.get(name) ?? []);
  if (registries.length === 0) return undefined;
  return { registries, command: await commandFor(registries, publicUrl, uncovered) };
}

/** Undefined where there is nothing to watch. */
export function watchUncoveredRegistries(
  deps: UncoveredRegistriesDeps,
): { stop(): void } | undefined {
  const { settings, logger } = deps;
  if (!isStandIn(settings)) return undefined;
  let told: ReadonlySet<string> = new Set();

  async function look(): Promise<void> {
    const { registries = [], command } = (await findUncoveredRegistries(deps)) ?? {};
    const isNews = registries.some((host) => !told.has(host));
    told = new Set(registries);
    if (!isNews) return;
    logger.warn(
      { registries, hint: `${command}, and let clients trust it: portolan ca trust` },
      'mirrored registries that no certificate can be shown for',
    );
  }

  const lookOrTell = (): void => {
    look().catch((err: unknown) => logger.debug({ err }, 'the authority cannot be looked at'));
  };
  lookOrTell();
  const timer = setInterval(lookOrTell, deps.everyMs ?? EVERY_MS);
  return { stop: () => clearInterval(timer) };
}
