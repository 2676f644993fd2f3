// The keys of our own token service, for the registry beside it: read from the database, so that a
// rotation is seen without a request from one app to the other.
import { type KeySet, localKeySet } from '@portolan/registry';

const RELOAD_MS = 5000;
/** Forged `kid`s must not make us read at the client's pace. */
const UNKNOWN_KID_MS = 1000;

export function storedKeySet(load: () => Promise<unknown>, clock: () => number): KeySet {
  let keys: KeySet | undefined;
  let loadedAt = -Infinity;

  async function current(maxAgeMs: number): Promise<KeySet> {
    const now = clock();
    if (keys === undefined || now - loadedAt >= maxAgeMs || now < loadedAt) {
      keys = localKeySet(await load());
      loadedAt = now;
    }
    return keys;
  }

  return {
    async find(kid) {
      const key = await (await current(RELOAD_MS)).find(kid);
      return key ?? (await current(UNKNOWN_KID_MS)).find(kid);
    },
  };
}
