// A guard that runs before JSON.parse: nesting is counted on the text, so that a hostile document
// costs one pass and no stack (CVE-2017-11468's class; reliability S14).
import { DomainError } from './domain-error.ts';

const MAX_DEPTH = 64;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** @throws DomainError `manifest-too-complex` when brackets nest deeper than 64. */
export function checkJsonDepth(bytes: Uint8Array): void {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (inString) {
      if (byte === BACKSLASH) i++;
      else if (byte === QUOTE) inString = false;
    } else if (byte === QUOTE) inString = true;
    else if (byte === 0x7b || byte === 0x5b) {
      if (++depth > MAX_DEPTH) {
        throw new DomainError('manifest-too-complex', 'manifest nests too deeply', {
          maxDepth: MAX_DEPTH,
          hint: 'flatten the document',
        });
      }
    } else if (byte === 0x7d || byte === 0x5d) depth--;
  }
}
