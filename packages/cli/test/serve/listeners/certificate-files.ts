// Certificates that sign themselves.
import { makeCertificate } from '../../../../../test/support/openssl-certificate.ts';

/** Chain and key in one text, as `NAME.pem` holds them. */
export function selfSigned(name: string, days = 30): string {
  const made = makeCertificate({ commonName: name, subjectAltName: `DNS:${name}`, days });
  return made.certificate + made.key;
}
