// Signs registry tokens: distribution's "Token Authentication Implementation", ES256 and nothing else.
import { type Access, type AccessStamp, Scope, type TokenClaims } from '@portolan/oci';
import { SignJWT } from 'jose';
import { libtrustKeyId } from './libtrust-key-id.ts';
import type { SigningKeys } from './signing-keys.ts';

/** How a token names its key; `libtrust` is what distribution before 3.0 looks for. */
export type KeyIdForm = 'rfc7638' | 'libtrust';

export interface IssueRequest {
  /** The authenticated name, '' when anonymous; never what a client merely says. */
  readonly subject: string;
  readonly audience: string;
  readonly access: readonly Access[];
  /** Only for a registry of ours; nobody else can read it. */
  readonly stamp: AccessStamp | undefined;
  readonly keyIdForm: KeyIdForm;
}

export interface IssuedToken {
  readonly token: string;
  readonly expiresInSeconds: number;
  readonly issuedAt: Date;
  /** What was granted, in the form of the request. */
  readonly scope: string;
}

export interface TokenIssuer {
  issue(request: IssueRequest): Promise<IssuedToken>;
}

export interface TokenIssuerDeps {
  readonly keys: Pick<SigningKeys, 'active'>;
  readonly issuer: string;
  /** Clients take anything below 60 for 60. */
  readonly ttlSeconds: number;
  readonly clock: () => number;
  readonly randomId: () => string;
}

const MIN_TTL_SECONDS = 60;
const MAX_TTL_SECONDS = 3600;

export function createTokenIssuer(deps: TokenIssuerDeps): TokenIssuer {
  const { keys, issuer, ttlSeconds, clock, randomId } = deps;
  if (ttlSeconds < MIN_TTL_SECONDS || ttlSeconds > MAX_TTL_SECONDS) {
    throw new RangeError(`a token lives ${MIN_TTL_SECONDS} to ${MAX_TTL_SECONDS} seconds`);
  }
  return {
    async issue({ subject, audience, access, stamp, keyIdForm }) {
      const { signingKey, privateKey } = await keys.active();
      const issuedAt = Math.floor(clock() / 1000);
      const claims: TokenClaims = {
        iss: issuer,
        sub: subject,
        aud: audience,
        exp: issuedAt + ttlSeconds,
        nbf: issuedAt,
        iat: issuedAt,
        jti: randomId(),
        access,
        ...(stamp === undefined ? {} : { portolan: stamp }),
      };
      const kid = keyIdForm === 'libtrust' ? libtrustKeyId(signingKey) : signingKey.kid;
      const token = await new SignJWT({ ...claims, aud: audience })
        .setProtectedHeader({ alg: 'ES256', typ: 'JWT', kid })
        .sign(privateKey);
      return {
        token,
        expiresInSeconds: ttlSeconds,
        issuedAt: new Date(issuedAt * 1000),
        scope: Scope.format(access),
      };
    },
  };
}
