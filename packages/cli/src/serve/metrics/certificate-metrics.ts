// When the certificates end that this process serves, and the authority that is built in; how often one
// could not be taken, and which cannot be now.
import { Counter, type Registry } from 'prom-client';
import { addAskedGauge } from './asked-gauge.ts';

export interface ServedCertificate {
  readonly file: string;
  /** Milliseconds since the epoch. */
  readonly notAfter: number;
}

export interface ServedCertificates {
  readonly list: () => readonly ServedCertificate[];
  /** Files. */
  readonly unusable: () => readonly string[];
}

export interface CertificateMetrics {
  /** They are there only once the listeners are. */
  readonly watchCertificates: (served: ServedCertificates) => void;
  readonly countReloadFailure: () => void;
}

export type ReadAuthority = () => Promise<Pick<ServedCertificate, 'notAfter'> | undefined>;

const MAX_CERTIFICATES = 500;

export function createCertificateMetrics(registry: Registry): CertificateMetrics {
  let served: ServedCertificates | undefined;
  addAskedGauge(registry, {
    name: 'tls_certificate_expiry_timestamp_seconds',
    help: `When a certificate that is served ends; the first ${MAX_CERTIFICATES} files.`,
    labelNames: ['file'],
    // A worker that has not loaded the new one still serves the old one.
    aggregator: 'min',
    ask(gauge) {
      gauge.reset();
      for (const { file, notAfter } of (served?.list() ?? []).slice(0, MAX_CERTIFICATES)) {
        gauge.set({ file }, notAfter / 1000);
      }
    },
  });
  addAskedGauge(registry, {
    name: 'tls_unusable_files',
    help: 'Certificates that are broken or gone now, while what was there before is served.',
    // Each process looks at the same files.
    aggregator: 'max',
    ask: (gauge) => gauge.set(served?.unusable().length ?? 0),
  });
  const failures = new Counter({
    name: 'tls_reload_failures_total',
    help: 'Certificates that a process could not use; the one of before stays.',
    registers: [registry],
  });
  return {
    watchCertificates(given) {
      served = given;
    },
    countReloadFailure: () => failures.inc(),
  };
}

/** Of the whole server, once. */
export function watchAuthority(registry: Registry, read: ReadAuthority): void {
  addAskedGauge(registry, {
    name: 'tls_authority_expiry_timestamp_seconds',
    help: 'When the authority that is built in ends; missing where there is none.',
    async ask(gauge) {
      gauge.remove();
      const authority = await read().catch(() => undefined);
      if (authority !== undefined) gauge.set(authority.notAfter / 1000);
    },
  });
}
