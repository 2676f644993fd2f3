// Refresh tokens: opaque, of one subject and one service, for this endpoint only. They are reusable,
// since docker and podman keep the first one for ever (moby#39718); an idle one expires.
import { createHash } from 'node:crypto';
import type { CredentialStore, RandomId, Subject } from '@portolan/storage';
import { authError } from '../errors.ts';

export interface RefreshTokens {
  /**
   * The secret, which is told this once. `clientId` becomes the label. Undefined when the password or
   * a right has changed since the subject was verified.
   */
  issue(subject: Subject, service: string, clientId: string): Promise<string | undefined>;
  /** Whose it is. @throws AuthError `refresh-token-invalid` */
  redeem(token: string, service: string): Promise<Subject>;
}

export interface RefreshTokensDeps {
  readonly credentials: CredentialStore;
  readonly clock: () => number;
  readonly randomId: RandomId;
}

const IDLE_MS = 30 * 24 * 60 * 60 * 1000;
const MAX_LABEL_LENGTH = 100;
const FORM = /^ptr_[0-9a-f]{64}$/;

// 256 random bits need no salt and no slow hash.
function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

export function createRefreshTokens(deps: RefreshTokensDeps): RefreshTokens {
  const { credentials, clock, randomId } = deps;
  return {
    async issue(subject, service, clientId) {
      const token = `ptr_${randomId()}${randomId()}`;
      const added = await credentials.addRefreshToken({
        subject,
        hash: hashOf(token),
        label: clientId.slice(0, MAX_LABEL_LENGTH),
        service,
        expiresAt: clock() + IDLE_MS,
      });
      return added === undefined ? undefined : token;
    },
    async redeem(token, service) {
      const found = FORM.test(token)
        ? await credentials.findRefreshToken(hashOf(token))
        : undefined;
      const now = clock();
      const isLive =
        found !== undefined &&
        found.credential.kind === 'refresh' &&
        found.credential.service === service &&
        (found.credential.expiresAt ?? 0) > now &&
        !found.subject.isDisabled;
      if (!isLive) {
        throw authError('refresh-token-invalid', 'the refresh token is expired or revoked', {
          hint: 'log in again',
        });
      }
      await credentials.touch(found.credential.id, now, now + IDLE_MS);
      return found.subject;
    },
  };
}
