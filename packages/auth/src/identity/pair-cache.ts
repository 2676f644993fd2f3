// Docker sends the password with every token request, and a hash costs 50 ms. What became of a pair is
// remembered for a while under a keyed hash, whose key dies with the process.
import { createHmac, randomBytes } from 'node:crypto';
import type { Subject } from '@portolan/storage';
import type { NameAndPassword } from './basic-credentials.ts';

export interface PairCache {
  /** What names a pair without telling it. */
  keyOf(pair: NameAndPassword): string;
  /**
   * Not when the subject has changed since: with a new password, or a right withdrawn, its generation
   * is another. Undefined is nobody of that name.
   */
  has(key: string, subject: Subject | undefined): boolean;
  add(key: string, subject: Subject | undefined): void;
}

const MAX_PAIRS = 10_000;

function versionOf(subject: Subject | undefined): string {
  return subject === undefined ? '' : `${subject.id}:${subject.generation}`;
}

export function createPairCache(clock: () => number, ttlMs: number): PairCache {
  const secret = randomBytes(32);
  const pairs = new Map<string, { subject: string; expiresAt: number }>();

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
      return pair !== undefined && pair.expiresAt > clock() && pair.subject === versionOf(subject);
    },
    add(key, subject) {
      makeRoom();
      pairs.delete(key);
      pairs.set(key, { subject: versionOf(subject), expiresAt: clock() + ttlMs });
    },
  };
}
