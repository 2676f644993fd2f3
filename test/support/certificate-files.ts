// A certificate authority of a test's own, and a certificate of it for 127.0.0.1, as files.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeCertificate } from './openssl-certificate.ts';

/** Files in PEM. */
export interface CertificateFiles {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

export function createCertificateFiles(directory: string): CertificateFiles {
  const authority = makeCertificate({ commonName: 'test-authority' });
  const server = makeCertificate({
    commonName: '127.0.0.1',
    subjectAltName: 'IP:127.0.0.1',
    issuer: authority,
  });
  const write = (name: string, pem: string): string => {
    const file = join(directory, name);
    writeFileSync(file, pem, { mode: 0o600 });
    return file;
  };
  return {
    ca: write('ca.crt', authority.certificate),
    certificate: write('server.crt', server.certificate),
    key: write('server.key', server.key),
  };
}
