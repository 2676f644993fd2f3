// Who is asking, by user name and password. A known good pair costs one row and no hash and is
// never slowed down; everything else goes through the throttle and the hasher.
import type { AccessStores, Subject } from '@portolan/storage';
import { authError } from '../errors.ts';
import type { NameAndPassword } from './basic-credentials.ts';
import type { LoginAttempt, LoginThrottle } from './login-throttle.ts';
import type { PasswordHasher } from './password-hasher.ts';
import { createPairCache } from './pair-cache.ts';

export interface PasswordAuthenticator {
  /** @throws AuthError `credentials-invalid`, `too-many-failures`, `too-busy` */
  authenticate(pair: NameAndPassword, source: string | undefined): Promise<Subject>;
}

export interface PasswordAuthenticatorDeps {
  readonly access: Pick<AccessStores, 'subjects' | 'credentials'>;
  readonly throttle: LoginThrottle;
  readonly hasher: PasswordHasher;
  readonly clock: () => number;
}

const VERIFIED_MS = 60_000;

export function createPasswordAuthenticator(
  deps: PasswordAuthenticatorDeps,
): PasswordAuthenticator {
  const { access, throttle, hasher } = deps;
  const verified = createPairCache(deps.clock, VERIFIED_MS);
  const underWay = new Map<string, Promise<Subject>>();

  async function rehash(subject: Subject, password: string): Promise<void> {
    try {
      await access.credentials.rehashPassword(subject.id, await hasher.hash(password));
    } catch {
      // The login is right all the same, and the next one tries again.
    }
  }

  /** The work is the same whether the user is unknown, disabled or just mistyped the password. */
  async function verify(
    { password }: NameAndPassword,
    subject: Subject | undefined,
    attempt: LoginAttempt,
  ): Promise<Subject> {
    const isUsable = subject !== undefined && !subject.isDisabled;
    const hash = isUsable ? await access.credentials.passwordHash(subject.id) : undefined;
    // Asked again when the turn has come: those in the queue may have failed meanwhile.
    const isRight = await hasher.verify(hash, password, () => throttle.check(attempt));
    if (!isRight || !isUsable || hash === undefined) {
      await throttle.recordFailure(attempt);
      throw authError('credentials-invalid', 'incorrect user name or password');
    }
    await throttle.recordSuccess(attempt);
    verified.add(attempt.pairKey, subject);
    if (hasher.needsRehash(hash)) await rehash(subject, password);
    return subject;
  }

  return {
    async authenticate(pair, source) {
      const pairKey = verified.keyOf(pair);
      const subject = await access.subjects.find(pair.name);
      if (subject !== undefined && !subject.isDisabled && verified.has(pairKey, subject)) {
        return subject;
      }
      const attempt = { name: pair.name, source, pairKey };
      await throttle.check(attempt);
      // A pipeline starts many pulls at once with one password: they share one hash.
      const key = `${source} ${subject?.generation} ${pairKey}`;
      const shared = underWay.get(key);
      if (shared !== undefined) return shared;
      const result = verify(pair, subject, attempt).finally(() => underWay.delete(key));
      underWay.set(key, result);
      return result;
    },
  };
}
