// Signs tokens as a token service would.
import type { Access, AccessStamp } from '@portolan/oci';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';

export const ISSUER = 'https://tokens.test/token';
export const SERVICE = 'registry.test';

export interface TokenOptions {
  readonly subject?: string;
  readonly access?: readonly Access[];
  readonly stamp?: AccessStamp;
  /** Seconds since the epoch. */
  readonly issuedAt?: number;
  readonly lifetimeSeconds?: number;
}

export interface TokenSigner {
  readonly jwks: { readonly keys: readonly JWK[] };
  readonly kid: string;
  readonly privateKey: CryptoKey;
  sign(options: TokenOptions): Promise<string>;
}

export async function createTokenSigner(now: () => number): Promise<TokenSigner> {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = await exportJWK(publicKey);
  const kid = await calculateJwkThumbprint(jwk);
  return {
    kid,
    privateKey,
    jwks: { keys: [{ ...jwk, kid, alg: 'ES256', use: 'sig' }] },
    sign({ subject = 'alice', access = [], stamp, issuedAt, lifetimeSeconds = 900 }) {
      const start = issuedAt ?? Math.floor(now() / 1000);
      const claims = stamp === undefined ? { access } : { access, portolan: stamp };
      return new SignJWT(claims)
        .setProtectedHeader({ alg: 'ES256', typ: 'JWT', kid })
        .setIssuer(ISSUER)
        .setAudience(SERVICE)
        .setSubject(subject)
        .setIssuedAt(start)
        .setNotBefore(start - 5)
        .setExpirationTime(start + lifetimeSeconds)
        .sign(privateKey);
    },
  };
}

export function repositoryAccess(name: string, ...actions: string[]): Access {
  return { type: 'repository', name, actions };
}
