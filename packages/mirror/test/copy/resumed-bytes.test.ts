// A source that breaks off is asked again for the rest, as long as it gets on.
import { describe, expect, it } from 'vitest';
import { mirrorError } from '../../src/errors.ts';
import { resuming } from '../../src/copy/resumed-bytes.ts';

const MEBIBYTE = 1024 * 1024;
const CONTENT = Buffer.alloc(8 * MEBIBYTE, 'content ');

/** Gives so many bytes at each opening, and then `error` instead of an end. */
function breakingAfter(bytes: number, error: Error) {
  const starts: number[] = [];
  const open = async (start: number) => {
    starts.push(start);
    return (async function* () {
      const part = CONTENT.subarray(start, start + bytes);
      if (part.length > 0) yield part;
      if (start + part.length < CONTENT.length) throw error;
    })();
  };
  return { starts, open };
}

async function read(bytes: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const CUT = mirrorError('upstream-unavailable', 'cut off');

describe('bytes of a source that breaks off', () => {
  it.each([0, 3 * MEBIBYTE])('are whole, from %i on', async (start) => {
    const { starts, open } = breakingAfter(MEBIBYTE, CUT);
    const bytes = await read(await resuming(open)(start));
    expect(bytes.equals(CONTENT.subarray(start))).toBe(true);
    expect(starts).toEqual(
      Array.from({ length: 8 - start / MEBIBYTE }, (_, i) => start + i * MEBIBYTE),
    );
  });

  it.each([0, 1000])('are given up when each try brings %i bytes', async (bytes) => {
    const { starts, open } = breakingAfter(bytes, CUT);
    const opened = await resuming(open)(0);
    await expect(read(opened)).rejects.toBe(CUT);
    expect(starts).toHaveLength(5);
  });

  it.each([
    mirrorError('upstream-corrupt', 'more bytes than were said'),
    mirrorError('egress-refused', 'a redirect elsewhere'),
    new Error('a bug'),
  ])('are not asked for again after: $message', async (error) => {
    const { starts, open } = breakingAfter(MEBIBYTE, error);
    const opened = await resuming(open)(0);
    await expect(read(opened)).rejects.toBe(error);
    expect(starts).toHaveLength(1);
  });
});
