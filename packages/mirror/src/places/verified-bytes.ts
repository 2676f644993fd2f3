// A blob's bytes on their way through: compared with size and digest before the last of them is given
// on, and asked for again from where they stopped when the source breaks off.
import { createHash } from 'node:crypto';
import { type Descriptor, Digest, DomainError } from '@portolan/oci';
import type { RateLimit } from '../client/rate-limit.ts';
import { mirrorError } from '../errors.ts';
import type { OpenBlob } from './place.ts';

/** How often in a row the source may break off without a new byte. */
const MAX_FRUITLESS = 3;

function corrupt({ digest }: Descriptor, message: string) {
  return mirrorError('upstream-corrupt', `${digest} ${message}`, { digest });
}

/** As one stream, whatever interruptions there are. */
async function* unbroken(
  descriptor: Descriptor,
  open: OpenBlob,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  let done = 0;
  for (let fruitless = 0; done < descriptor.size || done === 0; ) {
    const start = done;
    try {
      for await (const chunk of await open(start)) {
        signal.throwIfAborted();
        done += chunk.length;
        yield chunk;
      }
      if (done >= descriptor.size) return;
      throw mirrorError('upstream-unavailable', `${descriptor.digest} was cut off`);
    } catch (error) {
      signal.throwIfAborted();
      fruitless = done > start ? 0 : fruitless + 1;
      const isPassing = error instanceof DomainError && error.code === 'upstream-unavailable';
      if (!isPassing || fruitless >= MAX_FRUITLESS) throw error;
    }
  }
}

export async function* verifiedBytes(
  descriptor: Descriptor,
  open: OpenBlob,
  { rate }: { readonly rate: RateLimit },
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const hash = createHash(Digest.algorithm(descriptor.digest));
  let length = 0;
  for await (const chunk of unbroken(descriptor, open, signal)) {
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
}
