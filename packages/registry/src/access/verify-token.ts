// Token verification: distribution's "Token Authentication Implementation". ES256 is pinned, the key
// comes from our own set by `kid`, and any header that names a key itself is refused (reference
// authorization.md §5, reliability S1 and S2).
import type { Clock } from '@portolan/storage';
import { errors, type JWTHeaderParameters, type JWTPayload, jwtVerify } from 'jose';
import type { KeySet } from './key-set.ts';
import { readClaims, type VerifiedToken } from './verified-token.ts';

export const LEEWAY_SECONDS = 60;

const REFUSED_HEADERS = ['jwk', 'jku', 'x5u', 'x5c', 'crit'] as const;
const MAX_TOKEN_LENGTH = 16 * 1024;

/** `expired` is a token in which everything else is right: an upload may be finished with it. */
export type Verification =
  | { readonly kind: 'valid' | 'expired'; readonly token: VerifiedToken }
  | { readonly kind: 'invalid' };

export type VerifyToken = (token: string) => Promise<Verification>;

export interface VerifyTokenDeps {
  readonly keySet: KeySet;
  readonly issuer: string;
  readonly service: string;
  readonly clock: Clock;
}

const INVALID: Verification = { kind: 'invalid' };

function conclude(kind: 'valid' | 'expired', payload: JWTPayload): Verification {
  const token = readClaims(payload);
  return token === undefined ? INVALID : { kind, token };
}

export function createTokenVerifier(deps: VerifyTokenDeps): VerifyToken {
  async function findKey(header: JWTHeaderParameters): Promise<CryptoKey> {
    if (REFUSED_HEADERS.some((name) => name in header)) throw new errors.JWSInvalid();
    const key = typeof header.kid === 'string' ? await deps.keySet.find(header.kid) : undefined;
    if (key === undefined) throw new errors.JWKSNoMatchingKey();
    return key;
  }

  return async (token) => {
    if (token.length > MAX_TOKEN_LENGTH) return INVALID;
    try {
      const { payload } = await jwtVerify(token, findKey, {
        algorithms: ['ES256'],
        typ: 'JWT',
        issuer: deps.issuer,
        audience: deps.service,
        requiredClaims: ['exp'],
        clockTolerance: LEEWAY_SECONDS,
        currentDate: new Date(deps.clock()),
      });
      return conclude('valid', payload);
    } catch (error) {
      // jose looks at `exp` last, after the signature and all other claims.
      if (error instanceof errors.JWTExpired) return conclude('expired', error.payload);
      if (error instanceof errors.JOSEError) return INVALID;
      throw error;
    }
  };
}
