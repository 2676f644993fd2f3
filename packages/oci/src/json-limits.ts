// A guard that runs before JSON.parse, on the text: nesting, and how many values there are, so that a
// hostile document costs one pass, no stack and no memory (CVE-2017-11468's class; reliability S14).
// Four MiB of different keys would stop the event loop for most of a second.
import { DomainError } from './domain-error.ts';

const MAX_DEPTH = 64;
/** Twenty for each of the 10,000 descriptors that a manifest may have. */
const MAX_VALUES = 200_000;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;

function tooDeep(): never {
  throw new DomainError('manifest-too-complex', 'manifest nests too deeply', {
    maxDepth: MAX_DEPTH,
    hint: 'flatten the document',
  });
}

function tooMany(): never {
  throw new DomainError('manifest-too-complex', 'manifest has too many values', {
    maxValues: MAX_VALUES,
  });
}

/** @throws DomainError `manifest-too-complex`: brackets nest deeper than 64, or too many values */
export function checkJsonLimits(bytes: Uint8Array): void {
  let depth = 0;
  // Every value but the first comes after a comma or an opening bracket.
  let values = 1;
  let inString = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (inString) {
      if (byte === BACKSLASH) i++;
      else if (byte === QUOTE) inString = false;
    } else if (byte === QUOTE) inString = true;
    else if (byte === COMMA) values++;
    else if (byte === 0x7b || byte === 0x5b) {
      values++;
      if (++depth > MAX_DEPTH) tooDeep();
    } else if (byte === 0x7d || byte === 0x5d) depth--;
    if (values > MAX_VALUES) tooMany();
  }
}
