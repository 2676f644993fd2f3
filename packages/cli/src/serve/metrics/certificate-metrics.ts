// When the certificates end that this process serves.
import { Gauge, type Registry } from 'prom-client';

export interface ServedCertificate {
  readonly file: string;
  /** Milliseconds since the epoch. */
  readonly notAfter: number;
}

export type ListCertificates = () => readonly ServedCertificate[];

const MAX_CERTIFICATES = 500;

/** Returns what takes the list, which is there only once the listeners are. */
export function createCertificateMetrics(registry: Registry): (list: ListCertificates) => void {
  let list: ListCertificates = () => [];
  new Gauge({
    name: 'tls_certificate_expiry_timestamp_seconds',
    help: `When a certificate that is served ends; the first ${MAX_CERTIFICATES} files.`,
    labelNames: ['file'],
    // A worker that has not loaded the new one still serves the old one.
    aggregator: 'min',
    registers: [registry],
    collect() {
      this.reset();
      for (const { file, notAfter } of list().slice(0, MAX_CERTIFICATES)) {
        this.set({ file }, notAfter / 1000);
      }
    },
  });
  return (given) => {
    list = given;
  };
}
