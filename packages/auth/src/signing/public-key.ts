// The public half of a signing key in the forms that others want it in.
import { createPublicKey, type KeyObject } from 'node:crypto';
import type { SigningKey } from '@portolan/storage';

export function publicJwkOf(privateKey: KeyObject): Record<string, unknown> {
  return { ...createPublicKey(privateKey).export({ format: 'jwk' }) };
}

export function publicKeyOf({ publicJwk }: Pick<SigningKey, 'publicJwk'>): KeyObject {
  return createPublicKey({ key: publicJwk, format: 'jwk' });
}

export function publicKeyPem(key: Pick<SigningKey, 'publicJwk'>): string {
  return publicKeyOf(key).export({ type: 'spki', format: 'pem' });
}
