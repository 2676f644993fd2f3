// The keys of our own token service, for the registry beside it: read from the database, so that a
// rotation is seen without a request from one app to the other.
import type { Clock, Generations } from '@portolan/storage';
import { importKeys, type Keys, type KeySet } from './key-set.ts';

const RELOAD_MS = 5000;
/** Forged `kid`s must not make us read at the client's pace. */
const UNKNOWN_KID_MS = 1000;

interface LoadedKeys {
  readonly keys: Keys;
  readonly at: number;
  /** An emergency rotation moves it: from then on no key of before may be believed. */
  readonly accessGeneration: number;
}

export function storedKeySet(
  load: () => Promise<unknown>,
  deps: { readonly clock: Clock; readonly generations: Generations },
): KeySet {
  let loaded: LoadedKeys | undefined;

  async function current(maxAgeMs: number): Promise<Keys> {
    const now = deps.clock();
    const accessGeneration = (await deps.generations.current()).access;
    const isFresh =
      loaded?.accessGeneration === accessGeneration &&
      now - loaded.at < maxAgeMs &&
      now >= loaded.at;
    if (loaded === undefined || !isFresh) {
      loaded = { keys: await importKeys(await load()), at: now, accessGeneration };
    }
    return loaded.keys;
  }

  return {
    async find(kid) {
      const key = (await current(RELOAD_MS)).get(kid);
      return key ?? (await current(UNKNOWN_KID_MS)).get(kid);
    },
  };
}
