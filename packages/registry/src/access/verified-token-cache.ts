// Remembers verified tokens by their hash until they expire: a signature check costs 70 µs, a hash 1.
// A right that is withdrawn or a key that is replaced meanwhile moves the `access` generation, and then
// each token has to prove everything anew (architecture, "Processes").
import type { Clock, Generations, StampStore } from '@portolan/storage';
import { hash } from 'node:crypto';
import type { VerifiedToken } from './verified-token.ts';
import { LEEWAY_SECONDS, type Verification, type VerifyToken } from './verify-token.ts';

export interface VerifiedTokenCacheDeps {
  readonly verify: VerifyToken;
  readonly stamps: StampStore | undefined;
  readonly generations: Generations;
  readonly clock: Clock;
  /** Of the tokens' text. */
  readonly maxBytes: number;
}

interface Entry {
  readonly verification: Verification & { readonly token: VerifiedToken };
  /** The generation that it was verified in. */
  readonly accessGeneration: number;
  readonly bytes: number;
}

// What the shortest token costs.
const ENTRY_BYTES = 1024;

/** How long a token outlives its key in somebody else's key set, at most. */
const FOREIGN_RECHECK_MS = 5 * 60_000;

const INVALID: Verification = { kind: 'invalid' };

export function createVerifiedTokenCache(deps: VerifiedTokenCacheDeps): VerifyToken {
  const { stamps } = deps;
  const entries = new Map<string, Entry>();
  let bytes = 0;

  async function isCurrent({ stamp }: VerifiedToken): Promise<boolean> {
    return stamps === undefined || stamp === undefined || stamps.isCurrent(stamp);
  }

  function forget(key: string): void {
    bytes -= entries.get(key)?.bytes ?? 0;
    entries.delete(key);
  }

  function remember(key: string, entry: Entry): void {
    forget(key);
    entries.set(key, entry);
    bytes += entry.bytes;
    for (const oldest of entries.keys()) {
      if (bytes <= deps.maxBytes) break;
      forget(oldest);
    }
  }

  function isExpired({ expiresAt }: VerifiedToken): boolean {
    return expiresAt <= deps.clock() / 1000 - LEEWAY_SECONDS;
  }

  /** Of somebody else's rights and keys nothing tells us that they have changed, so time has to. */
  async function currentGeneration(): Promise<number> {
    if (stamps === undefined) return Math.floor(deps.clock() / FOREIGN_RECHECK_MS);
    return (await deps.generations.current()).access;
  }

  return async (token) => {
    const key = hash('sha256', token, 'base64url');
    // Read before the stamp is checked, so that a change during the check is seen next time.
    const generation = await currentGeneration();
    const known = entries.get(key);
    if (known?.accessGeneration === generation && !isExpired(known.verification.token)) {
      return known.verification;
    }
    forget(key);
    const verification = await deps.verify(token);
    if (verification.kind === 'invalid' || !(await isCurrent(verification.token))) return INVALID;
    if (verification.kind === 'valid') {
      const size = ENTRY_BYTES + token.length;
      remember(key, { verification, accessGeneration: generation, bytes: size });
    }
    return verification;
  };
}
