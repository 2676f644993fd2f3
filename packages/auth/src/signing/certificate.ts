// A self-signed X.509 certificate of a signing key, which is the form in which an outside
// distribution registry takes keys (`rootcertbundle`). RFC 5280 §4.1, with the least that is legal.
import { createHash, createPublicKey, type KeyObject, sign } from 'node:crypto';
import type { SigningKey } from '@portolan/storage';

const SEQUENCE = 0x30;
const SET = 0x31;
// ecdsa-with-SHA256, commonName, basicConstraints: their OIDs, whole.
const ECDSA_SHA256 = Buffer.from('06082a8648ce3d040302', 'hex');
const COMMON_NAME = Buffer.from('0603550403', 'hex');
const BASIC_CONSTRAINTS = Buffer.from('0603551d13', 'hex');
const TRUE = Buffer.from('0101ff', 'hex');
const VERSION_3 = Buffer.from('a003020102', 'hex');
const VALID_YEARS = 20;

/** DER: tag, length, content. Nothing here is longer than 64 KiB. */
function der(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  const { length } = body;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), body]);
  if (length < 0x100) return Buffer.concat([Buffer.from([tag, 0x81, length]), body]);
  return Buffer.concat([Buffer.from([tag, 0x82, length >> 8, length & 0xff]), body]);
}

function name(commonName: string): Buffer {
  const attribute = der(SEQUENCE, COMMON_NAME, der(0x0c, Buffer.from(commonName)));
  return der(SEQUENCE, der(SET, attribute));
}

/** RFC 5280 §4.1.2.5: UTCTime until 2049, GeneralizedTime from 2050. */
function time(date: Date): Buffer {
  const digits = date.toISOString().replace(/[-:T]|\.\d+/g, '');
  return date.getUTCFullYear() < 2050
    ? der(0x17, Buffer.from(digits.slice(2)))
    : der(0x18, Buffer.from(digits));
}

/** Positive and never zero: a leading 0x01 settles both. */
function serialNumber(publicKey: Buffer): Buffer {
  const digest = createHash('sha256').update(publicKey).digest().subarray(0, 15);
  return der(0x02, Buffer.from([1]), digest);
}

/** PEM. Good from the key's first day for twenty years: when a key ends, its rows say, not this. */
export function selfSignedCertificate(
  privateKey: KeyObject,
  { kid, createdAt }: Pick<SigningKey, 'kid' | 'createdAt'>,
): string {
  const from = new Date(createdAt);
  const until = new Date(createdAt);
  until.setUTCFullYear(from.getUTCFullYear() + VALID_YEARS);
  const publicKey = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  const algorithm = der(SEQUENCE, ECDSA_SHA256);
  const issuer = name(`portolan ${kid}`);
  const isAuthority = der(0x04, der(SEQUENCE, TRUE));
  const extensions = der(0xa3, der(SEQUENCE, der(SEQUENCE, BASIC_CONSTRAINTS, TRUE, isAuthority)));
  const toBeSigned = der(
    SEQUENCE,
    VERSION_3,
    serialNumber(publicKey),
    algorithm,
    issuer,
    der(SEQUENCE, time(from), time(until)),
    issuer,
    publicKey,
    extensions,
  );
  const signature = sign('sha256', toBeSigned, privateKey);
  const bits = der(0x03, Buffer.from([0]), signature);
  const base64 = der(SEQUENCE, toBeSigned, algorithm, bits).toString('base64');
  const lines = base64.match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
