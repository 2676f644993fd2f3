// Certificates as others make them: by openssl, without a line of our own code, and without the settings of
// the machine, whose openssl.cnf would add extensions.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Both in PEM. */
export interface MadeCertificate {
  readonly certificate: string;
  readonly key: string;
}

export interface CertificateWishes {
  readonly commonName: string;
  /** As openssl writes them: `DNS:registry.lan,IP:127.0.0.1`. */
  readonly subjectAltName?: string;
  /** Who signs it; without one it signs itself. */
  readonly issuer?: MadeCertificate;
  /** Whether it may sign others; by default one that signs itself may. */
  readonly isAuthority?: boolean;
  /** More of openssl's lines, such as `keyUsage=keyCertSign`. */
  readonly extensions?: readonly string[];
  readonly days?: number;
  /** RSA in place of P-256. */
  readonly rsaBits?: number;
}

function configOf(wishes: CertificateWishes): string {
  const { commonName, subjectAltName, issuer, extensions = [] } = wishes;
  const isAuthority = wishes.isAuthority ?? issuer === undefined;
  return [
    '[req]',
    'prompt=no',
    'distinguished_name=subject',
    'x509_extensions=extensions',
    '[subject]',
    `CN=${commonName}`,
    '[extensions]',
    `basicConstraints=critical,CA:${isAuthority ? 'TRUE' : 'FALSE'}`,
    ...(subjectAltName === undefined ? [] : [`subjectAltName=${subjectAltName}`]),
    ...extensions,
    '',
  ].join('\n');
}

export function makeCertificate(wishes: CertificateWishes): MadeCertificate {
  const { issuer, days = 30, rsaBits } = wishes;
  const directory = mkdtempSync(join(tmpdir(), 'portolan-openssl-'));
  const openssl = (...args: string[]) =>
    execFileSync('/usr/bin/openssl', args, { cwd: directory, stdio: 'pipe' });
  try {
    writeFileSync(join(directory, 'config'), configOf(wishes));
    const newKey =
      rsaBits === undefined ? ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'] : [`rsa:${rsaBits}`];
    const output = ['-nodes', '-keyout', 'key', '-out', 'certificate'];
    const signer = issuer === undefined ? [] : ['-CA', 'issuer', '-CAkey', 'issuer'];
    if (issuer !== undefined) {
      writeFileSync(join(directory, 'issuer'), issuer.certificate + issuer.key, { mode: 0o600 });
    }
    const dates = ['-days', String(days)];
    openssl(
      'req',
      '-x509',
      '-config',
      'config',
      '-newkey',
      ...newKey,
      ...output,
      ...dates,
      ...signer,
    );
    const read = (name: string) => readFileSync(join(directory, name), 'utf8');
    return { certificate: read('certificate'), key: read('key') };
  } finally {
    rmSync(directory, { recursive: true });
  }
}
