// The public keys that tokens may be signed with. A key is found by its `kid` here and only here;
// what a token's header says about keys is never looked at (distribution CVE-2025-24976).
import { calculateJwkThumbprint, importJWK, type JWK } from 'jose';

export interface KeySet {
  /**
   * @throws RegistryError `keys-unavailable` when no set could be loaded yet; that is not the
   *   client's fault, so it must not become a 401
   */
  find(kid: string): Promise<CryptoKey | undefined>;
}

export type Keys = ReadonlyMap<string, CryptoKey>;

const MAX_KEYS = 100;

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

async function importKey(value: unknown): Promise<[kid: string, key: CryptoKey] | undefined> {
  if (!isObject(value)) return undefined;
  const { kty, crv, x, y, kid } = value;
  if (kty !== 'EC' || crv !== 'P-256') return undefined;
  if (typeof x !== 'string' || typeof y !== 'string') return undefined;
  // Only the public members are taken over, in case a whole key pair was given.
  const jwk: JWK = { kty, crv, x, y };
  const key = await importJWK(jwk, 'ES256');
  if (!(key instanceof CryptoKey)) return undefined;
  return [typeof kid === 'string' ? kid : await calculateJwkThumbprint(jwk), key];
}

/**
 * Reads a JWK set (RFC 7517 §5). Keys of other kinds than P-256 are left out, since ES256 is the
 * only algorithm here. @throws Error when it is no JWK set or a key is broken
 */
export async function importKeys(jwks: unknown): Promise<Keys> {
  if (!isObject(jwks) || !Array.isArray(jwks['keys'])) throw new Error('not a JWK set');
  const keys: unknown[] = jwks['keys'];
  const imported = await Promise.all(keys.slice(0, MAX_KEYS).map(importKey));
  return new Map(imported.filter((entry) => entry !== undefined));
}
