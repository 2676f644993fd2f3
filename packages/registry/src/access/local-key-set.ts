import { importKeys, type KeySet, type Keys } from './key-set.ts';

/** A JWK set that never changes. */
export function localKeySet(jwks: unknown): KeySet {
  let keys: Promise<Keys> | undefined;
  return {
    async find(kid) {
      keys ??= importKeys(jwks);
      return (await keys).get(kid);
    },
  };
}
