// Reads one certificate with its key, and proves that a listener can use them.
import { X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { createSecureContext, type SecureContext } from 'node:tls';
import { tlsError } from '../errors.ts';
import type { CertificateFile } from './certificate-directory.ts';
import { certificateBlocks, type CertificateFacts, factsOf, readKey } from './certificate-pem.ts';

export interface LoadedCertificate {
  readonly facts: CertificateFacts;
  readonly context: SecureContext;
}

/** Says whether the files are the ones that were read before. */
export async function stampOf({ certificatePath, keyPath }: CertificateFile): Promise<string> {
  const paths = certificatePath === keyPath ? [certificatePath] : [certificatePath, keyPath];
  const stats = await Promise.all(paths.map((path) => stat(path, { bigint: true })));
  return stats.map(({ ino, size, mtimeNs }) => `${ino}:${size}:${mtimeNs}`).join(' ');
}

/** @throws TlsError `certificate-invalid` when the key is another certificate's */
export function createContext(certificates: string, key: string): SecureContext {
  const [own] = certificateBlocks(certificates);
  if (own === undefined) throw tlsError('certificate-invalid', 'there is no certificate in it');
  const privateKey = readKey(key);
  if (!new X509Certificate(own).checkPrivateKey(privateKey)) {
    throw tlsError('certificate-invalid', 'certificate and key do not belong together', {
      hint: 'give the key that the certificate was requested with',
    });
  }
  return createSecureContext({
    cert: certificateBlocks(certificates).join(''),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    minVersion: 'TLSv1.2',
  });
}

/** @throws when it cannot be used */
export async function loadCertificate(file: CertificateFile): Promise<LoadedCertificate> {
  const certificates = await readFile(file.certificatePath, 'utf8');
  const key =
    file.keyPath === file.certificatePath ? certificates : await readFile(file.keyPath, 'utf8');
  const context = createContext(certificates, key);
  const [own = ''] = certificateBlocks(certificates);
  return { facts: factsOf(file.file, new X509Certificate(own)), context };
}
