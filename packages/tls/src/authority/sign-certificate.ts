// Makes and signs certificates: the authority's own, and those that it issues. ECDSA P-256, which every
// engine takes; profile of RFC 5280, so that its name constraints are enforced by whoever trusts it.
import 'reflect-metadata';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  Extension,
  type JsonName,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { randomBytes, webcrypto } from 'node:crypto';
import { CertificateName } from '../names/certificate-name.ts';
import type { NameConstraints } from '../names/name-constraints.ts';
import {
  decodeNameConstraints,
  encodeNameConstraints,
  NAME_CONSTRAINTS_OID,
} from './name-constraints-extension.ts';

/** PEM, both. */
export interface KeyAndCertificate {
  readonly certificate: string;
  readonly key: string;
}

export interface Validity {
  /** Milliseconds since the epoch. */
  readonly from: number;
  readonly until: number;
}

const KEY_ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const SIGNATURE = { name: 'ECDSA', hash: 'SHA-256' } as const;
const SERIAL_BYTES = 16;
/** RFC 5280, upper bound of a common name. */
const MAX_COMMON_NAME = 64;

/** Positive, and without leading zeros that DER would drop. */
function randomSerial(): string {
  const bytes = randomBytes(SERIAL_BYTES);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString('hex');
}

async function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(KEY_ALGORITHM, true, ['sign', 'verify']);
}

async function keyPem({ privateKey }: webcrypto.CryptoKeyPair): Promise<string> {
  const der = await webcrypto.subtle.exportKey('pkcs8', privateKey);
  return PemConverter.encode(der, PemConverter.PrivateKeyTag);
}

async function result(certificate: X509Certificate, keys: webcrypto.CryptoKeyPair) {
  return { certificate: `${certificate.toString('pem')}\n`, key: `${await keyPem(keys)}\n` };
}

function validity({ from, until }: Validity) {
  return { notBefore: new Date(from), notAfter: new Date(until) };
}

/** The number keeps an authority apart from the one that it replaces: clients may trust both. */
function authorityName({ domains, networks }: NameConstraints, serial: string): JsonName {
  const of = domains[0] ?? networks[0] ?? '';
  return [
    { CN: [`Portolan CA ${serial.slice(0, 8).toUpperCase()}`] },
    { O: [of.slice(0, MAX_COMMON_NAME)] },
  ];
}

export async function selfSignAuthority(
  constraints: NameConstraints,
  times: Validity,
): Promise<KeyAndCertificate> {
  const keys = await newKeys();
  const serialNumber = randomSerial();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber,
    name: authorityName(constraints, serialNumber),
    keys,
    ...validity(times),
    signingAlgorithm: SIGNATURE,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      // Name constraints say nothing about who signs code or mail.
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new Extension(NAME_CONSTRAINTS_OID, true, encodeNameConstraints(constraints)),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return result(certificate, keys);
}

/**
 * OpenSSL holds a common name against the permitted domains where the certificate has no DNS name, so
 * one for addresses alone gets words that are none.
 */
function serverName(names: readonly CertificateName[]): JsonName {
  const fit = names.find(
    (name) => !CertificateName.isAddress(name) && name.length <= MAX_COMMON_NAME,
  );
  return [{ CN: [fit ?? 'Portolan server'] }];
}

export async function signServerCertificate(
  authority: KeyAndCertificate,
  names: readonly CertificateName[],
  times: Validity,
): Promise<KeyAndCertificate> {
  const issuer = new X509Certificate(authority.certificate);
  const der = PemConverter.decodeFirst(authority.key);
  const signingKey = await webcrypto.subtle.importKey('pkcs8', der, KEY_ALGORITHM, false, ['sign']);
  const keys = await newKeys();
  const certificate = await X509CertificateGenerator.create({
    serialNumber: randomSerial(),
    subject: serverName(names),
    issuer: issuer.subjectName,
    publicKey: keys.publicKey,
    signingKey,
    ...validity(times),
    signingAlgorithm: SIGNATURE,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension(
        names.map((name) => ({
          type: CertificateName.isAddress(name) ? 'ip' : 'dns',
          value: name,
        })),
      ),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
      await AuthorityKeyIdentifierExtension.create(issuer),
    ],
  });
  return result(certificate, keys);
}

/** Undefined when the certificate is not constrained. */
export function constraintsOf(pem: string): NameConstraints | undefined {
  const extension = new X509Certificate(pem).getExtension(NAME_CONSTRAINTS_OID);
  return extension === null ? undefined : decodeNameConstraints(extension.value);
}
