// IN lists of digests. A manifest may name 10,000 of them, and every length of list is a statement of
// its own to prepare; so lists are cut, and filled up to a power of two by repeating the last digest.

const MAX_CHUNK = 512;

export function digestChunks(digests: readonly string[]): string[][] {
  const chunks: string[][] = [];
  for (let start = 0; start < digests.length; start += MAX_CHUNK) {
    const chunk = digests.slice(start, start + MAX_CHUNK);
    const length = 2 ** Math.ceil(Math.log2(chunk.length));
    const filling = chunk.slice(-1);
    chunks.push(chunk.concat(...Array.from({ length: length - chunk.length }, () => filling)));
  }
  return chunks;
}
