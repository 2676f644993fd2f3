// Ed25519 signatures over SHA256SUMS (RFC 8032), as `openssl pkeyutl -rawin` makes and checks them.
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { mirrorError } from '../errors.ts';

export interface BundleKeyPair {
  /** PKCS #8 PEM. */
  readonly privateKey: string;
  /** SPKI PEM. */
  readonly publicKey: string;
}

export function generateBundleKey(): BundleKeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }),
  };
}

function readKey(pem: string, read: (pem: string) => KeyObject, kind: string): KeyObject {
  let key: KeyObject | undefined;
  try {
    key = read(pem);
  } catch {
    key = undefined;
  }
  if (key?.asymmetricKeyType === 'ed25519') return key;
  throw mirrorError('request-invalid', `this is no Ed25519 ${kind} key in PEM`, {
    hint: '`portolan bundle keygen FILE` makes one',
  });
}

/**
 * Before anything is written: found out at the end, it would leave a bundle without its sums.
 * @throws MirrorError `request-invalid`
 */
export function checkPrivateKey(privateKey: string): void {
  readKey(privateKey, createPrivateKey, 'private');
}

/** Also where no signature asks for it. @throws MirrorError `request-invalid` */
export function checkPublicKey(publicKey: string): void {
  readKey(publicKey, createPublicKey, 'public');
}

/** @throws MirrorError `request-invalid` when the key is none */
export function signSums(sums: Uint8Array, privateKey: string): Buffer {
  return sign(undefined, sums, readKey(privateKey, createPrivateKey, 'private'));
}

/** @throws MirrorError `request-invalid` when the key is none */
export function isSignatureOf(
  sums: Uint8Array,
  { signature, publicKey }: { readonly signature: Uint8Array; readonly publicKey: string },
): boolean {
  return verify(undefined, sums, readKey(publicKey, createPublicKey, 'public'), signature);
}
