// Bytes of a blob from a source that may break off: asked for again from where they ended, so that a
// sink, and people, notice nothing. A source that breaks off again and again without getting on is
// given up.
import { DomainError } from '@portolan/oci';
import type { OpenBlob } from '../places/place.ts';

const MAX_BREAKS = 5;
/** What a source must bring between two breaks, so that the first one is forgiven. */
const MIN_BYTES = 1024 * 1024;

function isBreak(error: unknown): boolean {
  return error instanceof DomainError && error.code === 'upstream-unavailable';
}

async function* resumed(
  open: OpenBlob,
  start: number,
  opened: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let bytes = opened;
  let offset = start;
  let brokeAt = start;
  let breaks = 0;
  for (;;) {
    try {
      for await (const chunk of bytes) {
        offset += chunk.length;
        yield chunk;
      }
      return;
    } catch (error) {
      breaks = offset - brokeAt < MIN_BYTES ? breaks + 1 : 1;
      brokeAt = offset;
      if (!isBreak(error) || breaks >= MAX_BREAKS) throw error;
      bytes = await open(offset);
    }
  }
}

/** As `open`, whose own failure to begin is not tried again: that is the source's business. */
export function resuming(open: OpenBlob): OpenBlob {
  return async (start) => resumed(open, start, await open(start));
}
