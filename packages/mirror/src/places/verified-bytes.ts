// A blob's bytes on their way through: compared with size and digest before the last of them is given
// on, and asked for again from where they stopped when the source breaks off.
import { createHash } from 'node:crypto';
import { type Descriptor, Digest } from '@portolan/oci';
import type { RateLimit } from '../client/rate-limit.ts';
import { resuming } from '../copy/resumed-bytes.ts';
import { mirrorError } from '../errors.ts';
import type { OpenBlob } from './place.ts';

function corrupt({ digest }: Descriptor, message: string) {
  return mirrorError('upstream-corrupt', `${digest} ${message}`, { digest });
}

export async function* verifiedBytes(
  descriptor: Descriptor,
  open: OpenBlob,
  { rate }: { readonly rate: RateLimit },
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const hash = createHash(Digest.algorithm(descriptor.digest));
  let length = 0;
  for await (const chunk of await resuming(open)(0)) {
    signal.throwIfAborted();
    length += chunk.length;
    if (length > descriptor.size) throw corrupt(descriptor, 'has too many bytes');
    hash.update(chunk);
    if (length === descriptor.size && hash.digest('hex') !== Digest.hex(descriptor.digest)) {
      throw corrupt(descriptor, 'is not the digest of its bytes');
    }
    await rate.bytes(chunk.length, signal);
    yield chunk;
    if (length === descriptor.size) return;
  }
  throw mirrorError('upstream-unavailable', `${descriptor.digest} was cut off`);
}
