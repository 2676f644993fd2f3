// GET /.well-known/acme-challenge/TOKEN: proves to an ACME server that this host is ours (RFC 8555 §8.3).
import { authError } from '../../errors.ts';
import type { Handler } from '../request-context.ts';

/** Undefined for a token that nobody waits for. */
export type ReadChallenge = (token: string) => Promise<string | undefined>;

export const ACME_CHALLENGE_PATH = '/.well-known/acme-challenge/';

export function createAcmeChallenge(readChallenge: ReadChallenge): Handler {
  return async (ctx) => {
    const answer = await readChallenge(ctx.path.slice(ACME_CHALLENGE_PATH.length));
    if (answer === undefined) throw authError('page-unknown', 'there is no such challenge');
    ctx.set('Content-Type', 'application/octet-stream');
    ctx.body = answer;
  };
}
