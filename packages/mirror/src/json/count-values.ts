// How many values a JSON text has at most, told without parsing it: a few megabytes of `"",` or `[` become
// hundreds of megabytes of strings and arrays. Commas within strings count too, so a limit needs to be
// wider than what honest documents have.

const COMMA = 0x2c;
const BRACKET = 0x5b;
const BRACE = 0x7b;

export function countValues(json: Uint8Array): number {
  let count = 1;
  for (const byte of json) {
    if (byte === COMMA || byte === BRACKET || byte === BRACE) count++;
  }
  return count;
}
