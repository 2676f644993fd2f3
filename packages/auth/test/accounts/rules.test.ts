import { DomainError } from '@portolan/oci';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { generatePassword } from '../../src/accounts/generated-password.ts';
import { checkName } from '../../src/accounts/name-rules.ts';
import { checkPassword } from '../../src/accounts/password-rules.ts';
import { parseRole } from '../../src/accounts/role-rules.ts';
import { parseVisibility } from '../../src/accounts/visibility-rules.ts';

function refusal(check: () => unknown): DomainError | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
}

describe('a password', () => {
  it.each([
    ['of seven characters', 'abc-xyz', 'shorter'],
    ['of 129 characters', 'ab'.repeat(64) + 'c', 'longer'],
    ['that is common', 'password', 'guess'],
    ['that is common in capitals', 'PassWord123', 'guess'],
    ['that a registry has by default', 'Harbor12345', 'guess'],
    ['of one character', 'zzzzzzzzzzzz', 'again and again'],
    ['that is the name', 'alice-the-user', 'name of the user'],
    ['with a line break', 'correct\nhorse', 'control character'],
    ['with a NUL', 'correct\0horse', 'control character'],
  ])('%s is refused, and is not in the error', (_case, password, reason) => {
    const error = refusal(() => checkPassword('alice-the-user', password));
    expect(error).toMatchObject({ code: 'password-refused' });
    expect(error?.message).toContain(reason);
    expect(JSON.stringify([error?.message, error?.detail])).not.toContain(JSON.stringify(password));
  });

  it.each([
    ['of eight characters', 'tr0ub4do'],
    ['of 128 characters', 'ab'.repeat(64)],
    ['of eight characters of another alphabet', 'пароль-ё'],
    ['of 128 characters outside of the basic plane', '🔑🗝'.repeat(64)],
    ['with spaces and a colon', 'correct horse: battery'],
  ])('%s is accepted', (_case, password) => {
    expect(refusal(() => checkPassword('alice', password))).toBeUndefined();
  });

  it('that is generated has 100 random bits, can be typed, and obeys the rules', () => {
    const hex = fc.string({
      unit: fc.constantFrom(...Array.from('0123456789abcdef')),
      minLength: 32,
      maxLength: 32,
    });
    fc.assert(
      fc.property(hex, (random) => {
        expect(generatePassword(() => random)).toMatch(
          /^[0-9a-hjkmnp-tv-z]{5}(-[0-9a-hjkmnp-tv-z]{5}){3}$/,
        );
      }),
    );
    // Each of the lowest 100 bits changes it.
    const all = Array.from({ length: 100 }, (_, bit) =>
      generatePassword(() => (1n << BigInt(bit)).toString(16).padStart(32, '0')),
    );
    expect(new Set(all).size).toBe(100);
    for (const password of all) {
      expect(refusal(() => checkPassword('alice', password))).toBeUndefined();
    }
  });
});

describe('a name', () => {
  it.each(['a', 'team-1', 'a.b', 'a__b', 'x'.repeat(100)])('%s is accepted', (name) => {
    expect(refusal(() => checkName('user', name))).toBeUndefined();
  });

  it.each(['', '_', 'Alice', 'a/b', '-a', 'a..b', 'a b', 'ä', 'cli:root', 'x'.repeat(101)])(
    '%s is refused',
    (name) => {
      expect(refusal(() => checkName('user', name))).toMatchObject({
        code: 'account-name-invalid',
      });
    },
  );
});

describe('a role', () => {
  it('is one of three', () => {
    expect(['viewer', 'contributor', 'owner'].map(parseRole)).toHaveLength(3);
    for (const text of ['', 'Owner', 'admin', 'constructor']) {
      expect(refusal(() => parseRole(text))).toMatchObject({ code: 'role-invalid' });
    }
  });
});

describe('a visibility', () => {
  it('is one of three, and never private for the global namespace', () => {
    expect(['public', 'protected', 'private'].map((v) => parseVisibility('apps', v))).toHaveLength(
      3,
    );
    expect(['public', 'protected'].map((v) => parseVisibility('', v))).toHaveLength(2);
    const global = refusal(() => parseVisibility('', 'private'));
    expect(global).toMatchObject({ code: 'visibility-invalid' });
    expect(global?.detail['hint']).toBe('use one of public, protected');
    expect(refusal(() => parseVisibility('apps', 'secret'))).toMatchObject({
      code: 'visibility-invalid',
    });
  });
});
