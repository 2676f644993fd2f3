import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HostName } from '../../src/hosts/host-name.ts';

const NAME_OF_253 = `${'abcdefg.'.repeat(31)}abcde`;

const LETTER_OR_DIGIT = fc.constantFrom('a', 'b', 'X', 'Z', '0', '9');
const LABEL = fc
  .tuple(
    LETTER_OR_DIGIT,
    fc.string({ unit: fc.oneof(LETTER_OR_DIGIT, fc.constant('-')), maxLength: 61 }),
    LETTER_OR_DIGIT,
  )
  .map((parts) => parts.join(''));

describe('a host name', () => {
  it.each([
    ['registry.lan', 'registry.lan'],
    ['Registry.LAN', 'registry.lan'],
    ['localhost', 'localhost'],
    ['a', 'a'],
    ['3com.example', '3com.example'],
    ['a-b--c.d-e', 'a-b--c.d-e'],
    ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
    [`${'a'.repeat(63)}.lan`, `${'a'.repeat(63)}.lan`],
    [NAME_OF_253, NAME_OF_253],
    ['10.0.0.1', '10.0.0.1'],
  ])('%s is %s', (text, name) => {
    expect(HostName.find(text)).toBe(name);
  });

  it.each([
    '',
    '.',
    '.lan',
    'registry.lan.',
    'a..b',
    '-a.lan',
    'a-.lan',
    'a.-',
    'regi_stry.lan',
    '*.lan',
    'registry.lan:443',
    '[::1]',
    '::1',
    'user@registry.lan',
    'a/b',
    'a b',
    'registry.lan\n',
    'registry.lan\u0000',
    'bücher.example',
    // In lower case this Kelvin sign is the letter k.
    'in.\u212A',
    `${'a'.repeat(64)}.lan`,
    `${NAME_OF_253}f`,
  ])('is not %j', (text) => {
    expect(HostName.find(text)).toBeUndefined();
  });

  it('is made of any labels, in lower case, as long as it is not too long', () => {
    fc.assert(
      fc.property(fc.array(LABEL, { minLength: 1, maxLength: 10 }), (labels) => {
        const text = labels.join('.');
        const name = HostName.find(text);
        expect(name).toBe(text.length > 253 ? undefined : text.toLowerCase());
      }),
    );
  });

  it('is a name itself, whatever it was found in, and holds nothing else than names do', () => {
    const text = fc.stringMatching(/^[aZ0._:@/[\]*% \n-]{0,12}$/);
    fc.assert(
      fc.property(fc.oneof(text, fc.string()), (any) => {
        const name = HostName.find(any);
        if (name === undefined) return;
        expect(name).toMatch(/^[a-z0-9.-]+$/);
        expect(HostName.find(name)).toBe(name);
      }),
    );
  });

  it.each([
    ['10.0.0.1', true],
    ['10.1', true],
    ['registry.1', true],
    ['5000', true],
    ['1.lan', false],
    ['lan1', false],
    ['a.1b', false],
  ])('%s ends in a number: %s', (text, expected) => {
    const name = HostName.find(text);
    expect(name !== undefined && HostName.endsInNumber(name)).toBe(expected);
  });
});
