// Who asks through a view. Engines send there what they have for the mirrored registry: dockerd its Docker
// Hub password, containerd the pull secret of the image. So what is not ours is nobody's failure: it
// becomes anonymous, is not logged, and does not slow down any other login. It must not become a way to
// guess passwords either: it has a throttle of its own, and what was wrong once costs no second hash.
import type { SubjectStore, Subject } from '@portolan/storage';
import { DomainError } from '@portolan/oci';
import type { PasswordAuthenticator } from '../identity/authenticate.ts';
import type { NameAndPassword } from '../identity/basic-credentials.ts';
import { createPairCache } from '../identity/pair-cache.ts';
import type { RefreshTokens } from '../identity/refresh-token.ts';

export interface ViewLogin {
  /** Undefined is anonymous. */
  byPassword(pair: NameAndPassword, source: string | undefined): Promise<Subject | undefined>;
  byRefreshToken(token: string, service: string): Promise<Subject | undefined>;
}

export interface ViewLoginDeps {
  /** With a throttle and a hasher that no other login waits for. */
  readonly passwords: PasswordAuthenticator;
  readonly refreshTokens: RefreshTokens;
  readonly subjects: Pick<SubjectStore, 'find'>;
  readonly clock: () => number;
}

const REJECTED_MS = 60 * 60_000;

const NOT_OURS: ReadonlySet<string> = new Set([
  'credentials-invalid',
  'refresh-token-invalid',
  'too-many-failures',
  'too-busy',
]);

/** The code of a refusal that means no more than "anonymous" here. */
function refusalOf(error: unknown): string {
  if (error instanceof DomainError && NOT_OURS.has(error.code)) return error.code;
  throw error;
}

export function createViewLogin(deps: ViewLoginDeps): ViewLogin {
  const { passwords, refreshTokens, subjects } = deps;
  const rejected = createPairCache(deps.clock, REJECTED_MS);
  return {
    async byPassword(pair, source) {
      const key = rejected.keyOf(pair);
      const subject = await subjects.find(pair.name);
      if (rejected.has(key, subject)) return undefined;
      try {
        return await passwords.authenticate(pair, source);
      } catch (error) {
        // Only what has been hashed is known to be wrong.
        if (refusalOf(error) === 'credentials-invalid') rejected.add(key, subject);
        return undefined;
      }
    },
    async byRefreshToken(token, service) {
      try {
        return await refreshTokens.redeem(token, service);
      } catch (error) {
        refusalOf(error);
        return undefined;
      }
    },
  };
}
