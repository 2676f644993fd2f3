// Certificates that sign themselves, made with openssl.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MAKE = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'.split(' ');

/** Chain and key in one text, as `NAME.pem` holds them. */
export function selfSigned(name: string, days = 30): string {
  const directory = mkdtempSync(join(tmpdir(), 'portolan-pem-'));
  try {
    const [key, certificate] = [join(directory, 'key'), join(directory, 'certificate')];
    const names = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`];
    const files = ['-keyout', key, '-out', certificate];
    execFileSync('openssl', [...MAKE, '-days', String(days), ...names, ...files], {
      stdio: 'ignore',
    });
    return readFileSync(certificate, 'utf8') + readFileSync(key, 'utf8');
  } finally {
    rmSync(directory, { recursive: true });
  }
}
