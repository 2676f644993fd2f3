// When the certificates end that this process serves.
import type { Registry } from 'prom-client';
import { addAskedGauge } from './asked-gauge.ts';

export interface ServedCertificate {
  readonly file: string;
  /** Milliseconds since the epoch. */
  readonly notAfter: number;
}

export type ListCertificates = () => readonly ServedCertificate[];

const MAX_CERTIFICATES = 500;

/** Returns what takes the list, which is there only once the listeners are. */
export function createCertificateMetrics(registry: Registry): (list: ListCertificates) => void {
  let list: ListCertificates | undefined;
  addAskedGauge(registry, {
    name: 'tls_certificate_expiry_timestamp_seconds',
    help: `When a certificate that is served ends; the first ${MAX_CERTIFICATES} files.`,
    labelNames: ['file'],
    // A worker that has not loaded the new one still serves the old one.
    aggregator: 'min',
    ask(gauge) {
      gauge.reset();
      for (const { file, notAfter } of (list?.() ?? []).slice(0, MAX_CERTIFICATES)) {
        gauge.set({ file }, notAfter / 1000);
      }
    },
  });
  return (given) => {
    list = given;
  };
}
