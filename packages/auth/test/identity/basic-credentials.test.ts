import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseBasic } from '../../src/identity/basic-credentials.ts';

const encode = (text: string): string => Buffer.from(text).toString('base64');

describe('Basic credentials', () => {
  it.each([
    ['Basic YTpi', 'a', 'b'],
    ['basic YTpi', 'a', 'b'],
    ['BASIC   YTpi ', 'a', 'b'],
    [`Basic ${encode('a:b:c:')}`, 'a', 'b:c:'],
    [`Basic ${encode('a:')}`, 'a', ''],
    [`Basic ${encode('ä:ü€')}`, 'ä', 'ü€'],
  ])('reads %s', (header, name, password) => {
    expect(parseBasic(header)).toEqual({ name, password });
  });

  it('finds none only where there is no header', () => {
    expect(parseBasic(undefined)).toBeUndefined();
  });

  it.each(['', 'Basic', 'Basic ', 'Basic =', 'Basic a b', 'Digest YTpi', `Basic ${encode(':b')}`])(
    'refuses %j',
    (header) => {
      expect(() => parseBasic(header)).toThrow(
        expect.objectContaining({ code: 'credentials-invalid' }),
      );
    },
  );

  it('takes every pair back as it was sent', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', minLength: 1 }).filter((name) => !name.includes(':')),
        fc.string({ unit: 'grapheme' }),
        (name, password) => {
          expect(parseBasic(`Basic ${encode(`${name}:${password}`)}`)).toEqual({ name, password });
        },
      ),
    );
  });

  it('answers garbage with a refusal and nothing else', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (header) => {
        try {
          expect(parseBasic(header)?.name).not.toBe('');
        } catch (error) {
          expect(error).toMatchObject({ code: 'credentials-invalid' });
        }
      }),
    );
  });
});
