// Back-off after failed logins. What is slowed down is an account *from one source*, and a source
// that fails at many accounts; never an account as such, which would let any stranger lock it
// (Harbor#21224). The counters are rows, since the next attempt may come to another process.
import { createHash } from 'node:crypto';
import type { LoginFailureStore } from '@portolan/storage';
import { authError } from '../errors.ts';

export interface LoginAttempt {
  readonly name: string;
  /** As `sourceOf` gives it; undefined cannot be told from others and is not slowed down. */
  readonly source: string | undefined;
  /** Names the pair of user and password without telling it. */
  readonly pairKey: string;
}

type SourcedAttempt = LoginAttempt & { readonly source: string };

export interface LoginThrottle {
  /** @throws AuthError `too-many-failures` */
  check(attempt: LoginAttempt): Promise<void>;
  recordFailure(attempt: LoginAttempt): Promise<void>;
  recordSuccess(attempt: LoginAttempt): Promise<void>;
}

const FREE_FAILURES = { pair: 4, source: 29 } as const;
const MAX_BACKOFF_MS = 60_000;
// A job with an outdated password tries it again and again: that is no search for passwords, and
// must not slow down everybody else behind the same address.
const SAME_PAIR_MS = 60 * 60_000;
const SOURCE_WINDOW_MS = 60 * 60_000;
// containerd and helm try one bad password twice, by POST and then by GET: that is one failure.
const SAME_ATTEMPT_MS = 10_000;
const MAX_RECENT = 10_000;

/** 1 s after the first failure that is not free, doubling. */
function backoffAfter(freeFailures: number): (failures: number) => number {
  return (failures) =>
    failures <= freeFailures
      ? 0
      : Math.min(MAX_BACKOFF_MS, 1000 * 2 ** Math.min(failures - freeFailures - 1, 16));
}

/** Logins that do not slow down each other count apart. */
export type LoginKind = '' | 'view-';

/** What failures of an account from one source are counted under. */
export function accountFailureKey(name: string, source: string): string {
  // Hashed, since people type their password where the name belongs.
  const pair = createHash('sha256')
    .update(JSON.stringify([name, source]))
    .digest('hex');
  return `account:${pair}`;
}

function keysOf({ name, source }: SourcedAttempt, now: number, kind: LoginKind) {
  // Counted by the hour: many people may share an address, and all of them mistype at times.
  const hour = Math.floor(now / SOURCE_WINDOW_MS);
  return {
    pair: kind + accountFailureKey(name, source),
    source: `${kind}source:${source}:${hour}`,
  };
}

function isSourced(attempt: LoginAttempt): attempt is SourcedAttempt {
  return attempt.source !== undefined;
}

/** Whether the same was noted within the window before. Forgets by itself. */
function createRecent(windowMs: number, clock: () => number) {
  const recent = new Map<string, number>();
  return function isKnown(key: string): boolean {
    const now = clock();
    for (const [old, at] of recent) {
      if (now - at < windowMs && recent.size < MAX_RECENT) break;
      recent.delete(old);
    }
    if (recent.has(key)) return true;
    recent.set(key, now);
    return false;
  };
}

export function createLoginThrottle(
  failures: LoginFailureStore,
  clock: () => number,
  kind: LoginKind = '',
): LoginThrottle {
  const isSameAttempt = createRecent(SAME_ATTEMPT_MS, clock);
  const isSamePair = createRecent(SAME_PAIR_MS, clock);
  return {
    async check(attempt) {
      if (!isSourced(attempt)) return;
      const { pair, source } = keysOf(attempt, clock(), kind);
      const waitMs = (await failures.blockedUntil([pair, source])) - clock();
      if (waitMs <= 0) return;
      const retryAfterSeconds = Math.ceil(waitMs / 1000);
      throw authError('too-many-failures', 'too many failed logins', {
        retryAfterSeconds,
        hint: `wait ${retryAfterSeconds} seconds and check the user name and the password`,
      });
    },
    async recordFailure(attempt) {
      if (!isSourced(attempt)) return;
      const attemptKey = `${attempt.source} ${attempt.pairKey}`;
      if (isSameAttempt(attemptKey)) return;
      const { pair, source } = keysOf(attempt, clock(), kind);
      await failures.recordFailure(pair, backoffAfter(FREE_FAILURES.pair));
      if (!isSamePair(attemptKey))
        await failures.recordFailure(source, backoffAfter(FREE_FAILURES.source));
    },
    async recordSuccess(attempt) {
      if (isSourced(attempt)) await failures.clear([keysOf(attempt, clock(), kind).pair]);
    },
  };
}
