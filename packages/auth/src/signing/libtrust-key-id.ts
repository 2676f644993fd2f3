// The `kid` that distribution up to 2.8 looks a key up by: libtrust's fingerprint, which is the first
// 240 bits of the SHA-256 of the public key's DER, in base32, in twelve groups of four.
import { createHash } from 'node:crypto';
import type { SigningKey } from '@portolan/storage';
import { publicKeyOf } from './public-key.ts';

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** RFC 4648 §6; the length is a multiple of five bytes, so there is no padding. */
function base32(bytes: Buffer): string {
  let bits = BigInt(`0x${bytes.toString('hex')}`);
  let text = '';
  for (let i = 0; i < (bytes.length * 8) / 5; i++) {
    text = BASE32.charAt(Number(bits & 31n)) + text;
    bits >>= 5n;
  }
  return text;
}

export function libtrustKeyId(key: Pick<SigningKey, 'publicJwk'>): string {
  const der = publicKeyOf(key).export({ type: 'spki', format: 'der' });
  const digest = createHash('sha256').update(der).digest();
  const groups = base32(digest.subarray(0, 30)).match(/.{4}/g) ?? [];
  return groups.join(':');
}
