// argon2id at OWASP's minimum (m = 19 MiB, t = 2, p = 1). Hashing is the dearest thing that a
// stranger can make us do, so few run at a time and the rest wait in a bounded queue.
import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import argon2 from 'argon2';
import { authError } from '../errors.ts';

export interface PasswordHasher {
  /** A PHC string. @throws AuthError `too-busy` */
  hash(password: string): Promise<string>;
  /**
   * Whether the password has this hash. Without a hash it is false after the same work, so that an
   * unknown user takes as long as a known one. `admit` runs when the turn has come and may throw.
   * @throws AuthError `too-busy`
   */
  verify(
    hash: string | undefined,
    password: string,
    admit?: () => void | Promise<void>,
  ): Promise<boolean>;
  /** Whether the hash was made with other parameters than today's. */
  needsRehash(hash: string): boolean;
  /** How many wait for their turn. */
  queueLength(): number;
}

export interface PasswordHasherOptions {
  /** How many hashes at a time; by default one core stays free for everything else. */
  readonly concurrency?: number;
  /** How many may wait for their turn. */
  readonly maxWaiting?: number;
  /** In KiB; never below OWASP's minimum outside of tests. */
  readonly memoryCost?: number;
  readonly timeCost?: number;
}

/** Runs at most `concurrency` at a time; refuses when too many wait. */
function createQueue(concurrency: number, maxWaiting: number) {
  let running = 0;
  const waiting: (() => void)[] = [];
  async function run<T>(work: () => Promise<T>): Promise<T> {
    if (running >= concurrency) {
      if (waiting.length >= maxWaiting) {
        throw authError('too-busy', 'too many logins at the moment', {
          retryAfterSeconds: 2,
          hint: 'try again in a few seconds',
        });
      }
      // The turn is handed over without `running` going down, so that nobody can slip in between.
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else running++;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running--;
      else next();
    }
  }
  return { run, length: () => waiting.length };
}

function randomBase64(bytes: number): string {
  return randomBytes(bytes).toString('base64').replace(/=+$/, '');
}

/** A well-formed hash of nothing: the work of a verification, and never a match. */
function dummyHash(memoryCost: number, timeCost: number): string {
  return `$argon2id$v=19$m=${memoryCost},t=${timeCost},p=1$${randomBase64(16)}$${randomBase64(32)}`;
}

export function createPasswordHasher(options: PasswordHasherOptions = {}): PasswordHasher {
  const { memoryCost = 19_456, timeCost = 2 } = options;
  const concurrency = options.concurrency ?? Math.max(1, availableParallelism() - 1);
  const queue = createQueue(concurrency, options.maxWaiting ?? 64);
  const parameters = { memoryCost, timeCost, parallelism: 1 };
  const dummy = dummyHash(memoryCost, timeCost);
  return {
    hash: (password) =>
      queue.run(() => argon2.hash(password, { ...parameters, type: argon2.argon2id })),
    verify: (hash, password, admit) =>
      queue.run(async () => {
        await admit?.();
        return argon2.verify(hash ?? dummy, password);
      }),
    needsRehash: (hash) => argon2.needsRehash(hash, parameters),
    queueLength: () => queue.length(),
  };
}
