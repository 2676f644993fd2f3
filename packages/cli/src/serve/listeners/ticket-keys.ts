// The keys of TLS session tickets: the same in every worker, without a word between them, and new every
// few hours, so that a ticket is no key to yesterday's connections for long.
import { hkdfSync } from 'node:crypto';

const PERIOD_MS = 6 * 3_600_000;
const KEY_BYTES = 48;

/** @param secret made anew with every start of the server */
export function createTicketKeys(secret: string, clock: () => number): () => Buffer {
  let period = -1;
  let keys: Buffer = Buffer.alloc(0);
  return () => {
    const now = Math.floor(clock() / PERIOD_MS);
    if (now !== period) {
      period = now;
      keys = Buffer.from(hkdfSync('sha256', secret, '', `session tickets ${now}`, KEY_BYTES));
    }
    return keys;
  };
}
