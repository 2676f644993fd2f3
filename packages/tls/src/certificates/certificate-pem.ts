// The PEM text of a server's certificate: the server's own first, then those that lead to the
// authority, and the key. Read with node's own parser.
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { tlsError } from '../errors.ts';
import { CertificateName } from '../names/certificate-name.ts';

export interface CertificateFacts {
  /** Its name in the directory. */
  readonly file: string;
  readonly names: readonly string[];
  /** Milliseconds since the epoch, as is `notAfter`. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly issuer: string;
  /** SHA-256, `AA:BB…` */
  readonly fingerprint: string;
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;
const KEY = /-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----[\s\S]+?-----END (?:[A-Z]+ )?PRIVATE KEY-----/;

/** Each as PEM, in the order of the text. */
export function certificateBlocks(text: string): readonly string[] {
  return (text.match(CERTIFICATE) ?? []).map((block) => `${block}\n`);
}

export function keyBlock(text: string): string | undefined {
  const [block] = KEY.exec(text) ?? [];
  return block === undefined ? undefined : `${block}\n`;
}

/** @throws TlsError `certificate-invalid` */
export function readCertificates(text: string): readonly X509Certificate[] {
  try {
    return certificateBlocks(text).map((block) => new X509Certificate(block));
  } catch (error) {
    throw tlsError('certificate-invalid', 'there is a certificate that cannot be read', {}, error);
  }
}

/** @throws TlsError `certificate-invalid` */
export function readKey(text: string): KeyObject {
  const block = keyBlock(text);
  if (block === undefined) {
    const hint = text.includes('ENCRYPTED')
      ? 'the key has a password: `openssl pkey -in KEY -out PLAIN-KEY` removes it'
      : 'a key is PEM, and begins with BEGIN PRIVATE KEY';
    throw tlsError('certificate-invalid', 'there is no private key that can be read', { hint });
  }
  try {
    return createPrivateKey(block);
  } catch (error) {
    const hint =
      'if it has a password, `openssl pkey -in KEY -out PLAIN-KEY` removes it; otherwise it is damaged';
    throw tlsError('certificate-invalid', 'the private key cannot be read', { hint }, error);
  }
}

/** What node quotes is no host name, whatever it pretends to be. */
export function namesOf({ subjectAltName = '' }: X509Certificate): readonly string[] {
  return subjectAltName
    .split(', ')
    .flatMap((entry) => /^(?:DNS|IP Address):([^"]+)$/.exec(entry)?.[1] ?? [])
    .map((name) => CertificateName.find(name) ?? name.toLowerCase());
}

/** A distinguished name as Node writes it has a line for each of its parts. */
export function oneLine(distinguishedName: string): string {
  return distinguishedName.replaceAll('\n', ', ');
}

function commonNameOf(distinguishedName: string): string {
  return /(?:^|\n)CN=(.+)/.exec(distinguishedName)?.[1] ?? oneLine(distinguishedName);
}

export function factsOf(file: string, certificate: X509Certificate): CertificateFacts {
  return {
    file,
    names: namesOf(certificate),
    notBefore: certificate.validFromDate.getTime(),
    notAfter: certificate.validToDate.getTime(),
    issuer: commonNameOf(certificate.issuer),
    fingerprint: certificate.fingerprint256,
  };
}
