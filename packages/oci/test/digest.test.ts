import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Digest } from '../src/index.ts';

const SHA256 = `sha256:${'0123456789abcdef'.repeat(4)}`;
const SHA512 = `sha512:${'0123456789abcdef'.repeat(8)}`;

describe('Digest', () => {
  it.each([SHA256, SHA512])('accepts %s', (text) => {
    expect(Digest.parse(text)).toBe(text);
    expect(`${Digest.algorithm(Digest.parse(text))}:${Digest.hex(Digest.parse(text))}`).toBe(text);
  });

  it.each([
    ['', 'digest-invalid'],
    ['sha256', 'digest-invalid'],
    ['sha256:', 'digest-invalid'],
    ['sha256:baddigeststring', 'digest-invalid'],
    [SHA256.toUpperCase(), 'digest-invalid'],
    [`sha256:${'A'.repeat(64)}`, 'digest-invalid'],
    [`${SHA256}0`, 'digest-invalid'],
    [`${SHA256}\n`, 'digest-invalid'],
    [SHA512.replace('sha512', 'sha256'), 'digest-invalid'],
    ['../../etc/passwd', 'digest-invalid'],
    [`sha256:../${'a'.repeat(61)}`, 'digest-invalid'],
    [`blake3:${'a'.repeat(64)}`, 'digest-unsupported'],
    ['md5:d41d8cd98f00b204e9800998ecf8427e', 'digest-unsupported'],
  ])('refuses %j as %s', (text, code) => {
    expect(Digest.find(text)).toBeUndefined();
    expect(() => Digest.parse(text)).toThrow(expect.objectContaining({ code }));
  });

  it('accepts exactly what a second reading of the grammar accepts', () => {
    const slow = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;
    const hex = fc.string({
      unit: fc.constantFrom(...'0123456789abcdefABg/.%'.split('')),
      maxLength: 130,
    });
    const near = fc
      .tuple(fc.constantFrom('sha256:', 'sha512:', 'sha1:', ''), hex)
      .map((p) => p.join(''));
    fc.assert(
      fc.property(fc.oneof(fc.string(), near), (text) => {
        expect(Digest.find(text) !== undefined).toBe(slow.test(text) && !text.includes('\n'));
      }),
    );
  });
});
