import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatContentRange,
  formatUploadRange,
  parseContentRange,
  parseRange,
} from '../../src/http/range-headers.ts';

const size = fc.nat({ max: 1_000_000 });

function outcome(header: string, length: number) {
  try {
    return parseRange(header, length);
  } catch (error) {
    return (error as { code: string }).code;
  }
}

describe('parseRange', () => {
  it('agrees with a slice of the bytes', () => {
    fc.assert(
      fc.property(fc.nat(50), fc.nat(60), fc.nat(60), (length, start, end) => {
        const bytes = Array.from({ length }, (_, i) => i);
        const range = outcome(`bytes=${start}-${end}`, length);
        const wanted = bytes.slice(start, end + 1);
        if (wanted.length === 0) expect(range).toBe('range-unsatisfiable');
        else expect(range).toEqual({ start: wanted[0], end: wanted.at(-1) });
      }),
    );
  });

  it('reads a suffix as the last bytes', () => {
    fc.assert(
      fc.property(fc.nat(50), fc.nat(60), (length, count) => {
        const range = outcome(`bytes=-${count}`, length);
        const wanted = Math.min(count, length);
        if (wanted === 0) expect(range).toBe('range-unsatisfiable');
        else expect(range).toEqual({ start: length - wanted, end: length - 1 });
      }),
    );
  });

  it('never leaves the blob, and throws nothing but a 416, whatever it reads', () => {
    const text = fc.string({
      unit: fc.constantFrom(...'bytes=0123456789-, '.split('')),
      maxLength: 30,
    });
    const header = fc.oneof(
      fc.string(),
      text,
      text.map((rest) => `bytes=${rest}`),
    );
    fc.assert(
      fc.property(header, size, (range, length) => {
        const parsed = outcome(range, length);
        if (parsed === undefined || parsed === 'range-unsatisfiable') return;
        expect(parsed).toMatchObject({ start: expect.any(Number), end: expect.any(Number) });
        if (typeof parsed === 'string') return;
        expect(parsed.start).toBeGreaterThanOrEqual(0);
        expect(parsed.start).toBeLessThanOrEqual(parsed.end);
        expect(parsed.end).toBeLessThan(length);
      }),
    );
  });

  it('takes numbers of any length', () => {
    const huge = '9'.repeat(400);
    expect(outcome(`bytes=0-${huge}`, 10)).toEqual({ start: 0, end: 9 });
    expect(outcome(`bytes=-${huge}`, 10)).toEqual({ start: 0, end: 9 });
    expect(outcome(`bytes=${huge}-`, 10)).toBe('range-unsatisfiable');
  });
});

describe('parseContentRange', () => {
  it('reads what it would print', () => {
    fc.assert(
      fc.property(size, size, (start, length) => {
        const range = { start, end: start + length };
        expect(parseContentRange(`${range.start}-${range.end}`)).toEqual(range);
      }),
    );
  });

  it.each(['', '-', '1-', '-1', '2-1', 'bytes 0-1', 'bytes=0-1', '0-1/2', '*/2', '0 - 1', '0x1-2'])(
    'refuses "%s"',
    (header) => {
      const error = expect.objectContaining({ code: 'content-range-invalid' });
      expect(() => parseContentRange(header)).toThrow(error);
    },
  );

  it('refuses garbage, and numbers that are not exact', () => {
    const valid = /^\s*\d{1,15}-\d{1,15}\s*$/;
    fc.assert(
      fc.property(
        fc.string().filter((text) => !valid.test(text)),
        (text) => {
          expect(() => parseContentRange(text)).toThrow('malformed');
        },
      ),
    );
    expect(() => parseContentRange(`0-${'9'.repeat(16)}`)).toThrow('malformed');
  });
});

it('formats ranges as the clients read them', () => {
  expect([0, 1, 2, 100].map(formatUploadRange)).toEqual(['0-0', '0-0', '0-1', '0-99']);
  expect(formatContentRange({ start: 1, end: 3 }, 10)).toBe('bytes 1-3/10');
});
