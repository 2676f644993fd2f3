// Renews certificates when they are due, and gets the first one from an ACME server. What fails is tried
// again after an hour, or when the ACME server's limit is over: the old certificate is still good.
import { DomainError } from '@portolan/oci';
import type { Renewal, RenewalDeps } from '@portolan/tls';
import { existsSync } from 'node:fs';
import type { Logger } from 'pino';
import type { TlsSettings } from '../../config/tls-settings.ts';
import { CERTIFICATE_JOB } from './certificate-lease.ts';
import type { Job } from './jobs.ts';

export interface CertificateJobDeps {
  readonly settings: TlsSettings;
  readonly clock: () => number;
  readonly logger: Logger;
}

const LOOK_EVERY_MS = 30_000;
const RETRY_MS = 3_600_000;

/** With the way to the ACME server, where one is set. */
export async function renewalDeps(
  { directories, acme }: TlsSettings,
  clock: () => number,
): Promise<RenewalDeps> {
  if (acme === undefined) return { directories, clock };
  const { CertificateName, createAcmeOrders } = await import('@portolan/tls');
  const { directory, email, names, authority } = acme;
  const orders = createAcmeOrders({
    directoryUrl: directory,
    email,
    authorityFile: authority,
    certificates: directories.certificates,
    clock,
  });
  return {
    directories,
    clock,
    acmeNames: names.map(CertificateName.parse),
    orderCertificate: (wanted) => orders.order(wanted),
  };
}

function retryTime(renewals: readonly Renewal[], now: number): number {
  const failed = renewals.filter(({ outcome }) => outcome === 'failed');
  if (failed.length === 0) return now;
  const limits = failed.flatMap(({ error }) => {
    const retryAt = error instanceof DomainError ? error.detail['retryAt'] : undefined;
    return typeof retryAt === 'number' ? [retryAt] : [];
  });
  return Math.max(now + RETRY_MS, ...limits);
}

function log(logger: Logger, renewals: readonly Renewal[]): void {
  for (const { file, outcome, error: err } of renewals) {
    if (outcome === 'renewed') logger.info({ file }, 'certificate renewed');
    if (outcome === 'failed') {
      logger.error({ file, err }, 'certificate not renewed; the one of before stays in use');
    }
  }
}

export function certificateJob({ settings, clock, logger }: CertificateJobDeps): Job {
  let tryAt = -Infinity;

  /** Most servers have a proxy in front, and no certificate of their own. */
  function isConcerned(): boolean {
    return settings.acme !== undefined || existsSync(settings.directories.certificates);
  }

  return {
    name: CERTIFICATE_JOB,
    everyMs: LOOK_EVERY_MS,
    async isDue() {
      if (clock() < tryAt || !isConcerned()) return false;
      const { isRenewalDue } = await import('@portolan/tls');
      return isRenewalDue(await renewalDeps(settings, clock));
    },
    async run() {
      const { renewDue } = await import('@portolan/tls');
      const renewals = await renewDue(await renewalDeps(settings, clock));
      tryAt = retryTime(renewals, clock());
      log(logger, renewals);
      return undefined;
    },
  };
}
