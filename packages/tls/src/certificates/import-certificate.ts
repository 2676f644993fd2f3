// Takes a certificate that somebody else has issued: proves that it can be used, puts the chain in the
// order of RFC 8446 §4.4.2, and writes it as one file. Nothing is left to be found out by a client.
import { reasonOf } from '@portolan/oci';
import type { KeyObject, X509Certificate } from 'node:crypto';
import { tlsError } from '../errors.ts';
import { CertificateName } from '../names/certificate-name.ts';
import { writeCertificateFile } from './certificate-directory.ts';
import {
  type CertificateFacts,
  factsOf,
  oneLine,
  readCertificates,
  readKey,
} from './certificate-pem.ts';
import { createContext } from './load-certificate.ts';
import { lostNames } from './lost-names.ts';
import { daysUntil, SOON_DAYS } from './remaining-days.ts';
import { othersInUse } from './others-in-use.ts';
import { removeRenewalRecord } from './renewal-record.ts';
import { namesThere } from './replaced-names.ts';

export interface ImportDeps {
  /** Where servers find their certificates. */
  readonly directory: string;
  readonly clock: () => number;
}

/** PEM texts. */
export interface ImportRequest {
  readonly certificate: string;
  readonly key: string;
  readonly chain?: string | undefined;
}

export interface ImportedCertificate extends CertificateFacts {
  /** What whoever imports it may want to know: it ends soon, its issuer is not in the chain. */
  readonly warnings: readonly string[];
}

const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';

function invalid(message: string, hint: string): Error {
  return tlsError('certificate-invalid', message, { hint });
}

function findOwn(certificates: readonly X509Certificate[], key: KeyObject): X509Certificate {
  const own = certificates.find((certificate) => certificate.checkPrivateKey(key));
  if (own !== undefined) return own;
  throw invalid(
    certificates.length === 0
      ? 'there is no certificate in the file'
      : 'certificate and key do not belong together',
    'give the certificate of the server, and the key that it was requested with',
  );
}

function isSelfIssued(certificate: X509Certificate): boolean {
  return certificate.checkIssued(certificate);
}

/** From the server's own to the last before the trust anchor. */
function order(
  own: X509Certificate,
  certificates: readonly X509Certificate[],
): readonly X509Certificate[] {
  const chain = [own];
  const rest = new Set(certificates.filter((one) => one.fingerprint256 !== own.fingerprint256));
  let last = own;
  while (!isSelfIssued(last)) {
    const issuer = [...rest].find((one) => last.checkIssued(one) && last.verify(one.publicKey));
    if (issuer === undefined) break;
    rest.delete(issuer);
    chain.push(issuer);
    last = issuer;
  }
  const [stray] = rest;
  if (stray === undefined) return chain;
  throw invalid(
    `a certificate in the chain has nothing to do with the others: ${oneLine(stray.subject)}`,
    'give those alone that lead from the server to its authority',
  );
}

function refuseUnusable(own: X509Certificate, facts: CertificateFacts): void {
  if (facts.names.length === 0) {
    throw invalid(
      'the certificate names no server (subjectAltName)',
      'engines look at nothing else; have it issued with DNS names or IP addresses',
    );
  }
  if (own.keyUsage !== undefined && !own.keyUsage.includes(SERVER_AUTH)) {
    throw invalid('the certificate is not for servers (serverAuth)', 'have it issued for a server');
  }
}

function refuseOutOfDate(chain: readonly X509Certificate[], now: number): void {
  for (const { subject, validFromDate, validToDate } of chain) {
    const name = oneLine(subject);
    if (validToDate.getTime() <= now) {
      throw invalid(`${name} has expired on ${validToDate.toISOString()}`, 'give the new one');
    }
    if (validFromDate.getTime() > now) {
      const from = validFromDate.toISOString();
      throw invalid(`${name} holds only from ${from} on`, 'wait, or check the clock of this host');
    }
  }
}

function warningsOf(chain: readonly X509Certificate[], now: number): string[] {
  const warnings: string[] = [];
  const ends = Math.min(...chain.map(({ validToDate }) => validToDate.getTime()));
  if (daysUntil(ends, now) < SOON_DAYS) warnings.push(`it ends on ${new Date(ends).toISOString()}`);
  const last = chain.at(-1);
  if (last !== undefined && chain.length === 1 && !isSelfIssued(last)) {
    warnings.push(
      `clients must know its issuer, ${oneLine(last.issuer)}, by themselves: give intermediate certificates with --chain`,
    );
  }
  return warnings;
}

/** Who brings a certificate cannot have it otherwise, but has to know. */
function lossOf(lost: readonly string[]): string[] {
  return lost.length === 0 ? [] : [`the one before was also for ${lost.join(', ')}`];
}

/** The trust anchor is the client's to have. */
function withoutAnchor(chain: readonly X509Certificate[]): readonly X509Certificate[] {
  const [own, ...others] = chain;
  return own === undefined ? [] : [own, ...others.filter((one) => !isSelfIssued(one))];
}

function stemOf({ names }: CertificateFacts): string {
  const name = CertificateName.find(names[0] ?? '');
  if (name !== undefined) return CertificateName.fileStem(name);
  throw invalid(`'${names[0]}' cannot be the name of a server`, 'have it issued for a host name');
}

/** As a person would name it: `rsa, 1024 bits`. */
function kindOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): string {
  const { modulusLength, namedCurve } = asymmetricKeyDetails ?? {};
  const size = modulusLength === undefined ? namedCurve : `${modulusLength} bits`;
  return [asymmetricKeyType, size].filter((fact) => fact !== undefined).join(', ');
}

/** What TLS itself refuses, such as a key that is too short. */
function refuseUnservable(pem: string, key: KeyObject): void {
  try {
    createContext(pem, pem);
  } catch (cause) {
    throw tlsError(
      'certificate-invalid',
      `a TLS server cannot use the certificate with its key (${kindOf(key)})`,
      {
        reason: reasonOf(cause),
        hint: 'have it issued anew, for an EC key on P-256 or an RSA key of 2048 bits or more',
      },
      cause,
    );
  }
}

/** @throws TlsError `certificate-invalid` */
export async function importCertificate(
  { directory, clock }: ImportDeps,
  { certificate, key, chain = '' }: ImportRequest,
): Promise<ImportedCertificate> {
  const now = clock();
  const privateKey = readKey(key);
  const certificates = [...readCertificates(certificate), ...readCertificates(chain)];
  const own = findOwn(certificates, privateKey);
  const facts = factsOf('', own);
  refuseUnusable(own, facts);
  const ordered = order(own, certificates);
  refuseOutOfDate(ordered, now);
  const keyPem = privateKey.export({ type: 'pkcs8', format: 'pem' });
  const pem = withoutAnchor(ordered).join('') + keyPem;
  refuseUnservable(pem, privateKey);
  const stem = stemOf(facts);
  const lost = lostNames(await namesThere(directory, stem), facts.names);
  const file = await writeCertificateFile(directory, stem, pem);
  await removeRenewalRecord(directory, stem);
  const others = (await othersInUse(directory, file, now)).map(
    ({ file: other, names }) => `${other} stays in use for ${names.join(', ')}`,
  );
  return { ...facts, file, warnings: [...others, ...lossOf(lost), ...warningsOf(ordered, now)] };
}
