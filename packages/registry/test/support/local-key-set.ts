// A JWK set that is given as it is and never changes.
import { importKeys, type KeySet, type Keys } from '../../src/access/key-set.ts';

export function localKeySet(jwks: unknown): KeySet {
  let keys: Promise<Keys> | undefined;
  return {
    async find(kid) {
      keys ??= importKeys(jwks);
      return (await keys).get(kid);
    },
  };
}
