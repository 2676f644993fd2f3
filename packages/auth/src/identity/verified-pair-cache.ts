// Docker sends the password with every token request, and a hash costs 50 ms. A pair that has been
// verified is remembered for a minute as a keyed hash, whose key dies with the process.
import { createHmac, randomBytes } from 'node:crypto';
import type { Subject } from '@portolan/storage';
import type { NameAndPassword } from './basic-credentials.ts';

export interface VerifiedPairCache {
  /** What names a pair without telling it. */
  keyOf(pair: NameAndPassword): string;
  /** A changed password or a withdrawn right has raised the subject's generation since. */
  has(key: string, subject: Subject): boolean;
  add(key: string, subject: Subject): void;
}

const TTL_MS = 60_000;
const MAX_PAIRS = 10_000;

export function createVerifiedPairCache(clock: () => number): VerifiedPairCache {
  const secret = randomBytes(32);
  const pairs = new Map<string, { id: number; generation: number; expiresAt: number }>();

  function makeRoom(): void {
    const now = clock();
    for (const [key, pair] of pairs) {
      // In order of insertion, which is the order of expiry.
      if (pair.expiresAt > now && pairs.size < MAX_PAIRS) return;
      pairs.delete(key);
    }
  }

  return {
    keyOf: ({ name, password }) =>
      createHmac('sha256', secret)
        .update(JSON.stringify([name, password]))
        .digest('base64'),
    has(key, subject) {
      const pair = pairs.get(key);
      return (
        pair !== undefined &&
        pair.expiresAt > clock() &&
        pair.id === subject.id &&
        pair.generation === subject.generation
      );
    },
    add(key, subject) {
      makeRoom();
      pairs.delete(key);
      const { id, generation } = subject;
      pairs.set(key, { id, generation, expiresAt: clock() + TTL_MS });
    },
  };
}
