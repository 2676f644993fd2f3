// A certificate authority of a test's own, and a certificate of it for 127.0.0.1.
import { join } from 'node:path';
import { runOrThrow, words } from './run-command.ts';

/** Files in PEM. */
export interface Certificates {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

const MAKE = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2';

async function openssl(line: string): Promise<void> {
  await runOrThrow('/usr/bin/openssl', words(line));
}

export async function createCertificates(directory: string): Promise<Certificates> {
  const ca = join(directory, 'ca.crt');
  const caKey = join(directory, 'ca.key');
  const certificate = join(directory, 'server.crt');
  const key = join(directory, 'server.key');
  await openssl(`${MAKE} -subj /CN=test-authority -keyout ${caKey} -out ${ca}`);
  await openssl(
    `${MAKE} -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 -addext basicConstraints=critical,CA:FALSE -CA ${ca} -CAkey ${caKey} -keyout ${key} -out ${certificate}`,
  );
  return { ca, certificate, key };
}
