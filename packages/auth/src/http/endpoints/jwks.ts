// GET /jwks: the keys that tokens are verified with (RFC 7517).
import type { SigningKeys } from '../../signing/signing-keys.ts';
import type { Handler } from '../request-context.ts';

export function createJwksEndpoint(keys: SigningKeys): Handler {
  return async (ctx) => {
    const keySet = await keys.publicKeySet();
    // A new key is published longer than this before it signs.
    ctx.set('Cache-Control', 'public, max-age=60');
    ctx.set('Content-Type', 'application/json');
    ctx.body = JSON.stringify(keySet);
  };
}
