// Remembers verified tokens by their hash until they expire: a signature check costs 70 µs, a hash 1.
// A right that is withdrawn meanwhile moves the `access` generation, and then each token proves anew
// that what its rights were computed from still stands (architecture, "Processes").
import type { Clock, Generations, StampStore } from '@portolan/storage';
import { hash } from 'node:crypto';
import type { VerifiedToken } from './verified-token.ts';
import { LEEWAY_SECONDS, type Verification, type VerifyToken } from './verify-token.ts';

export interface VerifiedTokenCacheDeps {
  readonly verify: VerifyToken;
  readonly stamps: StampStore | undefined;
  readonly generations: Generations;
  readonly clock: Clock;
  readonly maxEntries: number;
}

interface Entry {
  readonly verification: Verification & { readonly token: VerifiedToken };
  /** The generation at which the stamp was last seen to be current. */
  accessGeneration: number;
}

const INVALID: Verification = { kind: 'invalid' };

export function createVerifiedTokenCache(deps: VerifiedTokenCacheDeps): VerifyToken {
  const { stamps } = deps;
  const entries = new Map<string, Entry>();

  async function isCurrent({ stamp }: VerifiedToken): Promise<boolean> {
    return stamps === undefined || stamp === undefined || stamps.isCurrent(stamp);
  }

  function remember(key: string, entry: Entry): void {
    if (entries.size >= deps.maxEntries) {
      const oldest = entries.keys().next();
      if (oldest.done !== true) entries.delete(oldest.value);
    }
    entries.set(key, entry);
  }

  function isExpired({ expiresAt }: VerifiedToken): boolean {
    return expiresAt <= deps.clock() / 1000 - LEEWAY_SECONDS;
  }

  /** A cached token, unless what it was computed from is gone. */
  async function recheck(entry: Entry, generation: number): Promise<Verification> {
    if (entry.accessGeneration === generation) return entry.verification;
    if (!(await isCurrent(entry.verification.token))) return INVALID;
    entry.accessGeneration = generation;
    return entry.verification;
  }

  return async (token) => {
    const key = hash('sha256', token, 'base64url');
    // Read before the stamp is checked, so that a change during the check is seen next time.
    const generation = stamps === undefined ? 0 : (await deps.generations.current()).access;
    const known = entries.get(key);
    if (known !== undefined && !isExpired(known.verification.token)) {
      const verification = await recheck(known, generation);
      if (verification.kind === 'invalid') entries.delete(key);
      return verification;
    }
    entries.delete(key);
    const verification = await deps.verify(token);
    if (verification.kind === 'invalid' || !(await isCurrent(verification.token))) return INVALID;
    if (verification.kind === 'valid')
      remember(key, { verification, accessGeneration: generation });
    return verification;
  };
}
