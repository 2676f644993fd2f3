import { beforeEach, describe, expect, it } from 'vitest';
import { createVerifiedTokenCache } from '../../src/access/verified-token-cache.ts';
import type { VerifiedToken } from '../../src/access/verified-token.ts';
import type { Verification, VerifyToken } from '../../src/access/verify-token.ts';

const STAMP = { subject: [1, 1], namespaces: {} } as const;

const TOKEN: VerifiedToken = {
  subject: 'alice',
  issuedAt: 0,
  expiresAt: 1000,
  grants: new Map(),
  catalog: undefined,
  stamp: STAMP,
};

let now: number;
let access: number;
let isCurrent: boolean;
let verified: string[];
let stampChecks: number;
let answer: Verification;

function createCache(withStamps = true, maxBytes = 100_000): VerifyToken {
  return createVerifiedTokenCache({
    verify: async (token) => {
      verified.push(token);
      return answer;
    },
    stamps: withStamps
      ? {
          isCurrent: async () => {
            stampChecks++;
            return isCurrent;
          },
        }
      : undefined,
    generations: { current: async () => ({ access, content: 0 }) },
    clock: () => now,
    maxBytes,
  });
}

beforeEach(() => {
  now = 0;
  access = 1;
  isCurrent = true;
  verified = [];
  stampChecks = 0;
  answer = { kind: 'valid', token: TOKEN };
});

describe('the cache of verified tokens', () => {
  it('verifies a token once', async () => {
    const cache = createCache();
    for (let i = 0; i < 3; i++) expect((await cache('a')).kind).toBe('valid');
    expect(verified).toEqual(['a']);
    expect(stampChecks).toBe(1);
  });

  it('verifies again once it has expired', async () => {
    const cache = createCache();
    await cache('a');
    now = 1_060_000;
    answer = { kind: 'expired', token: TOKEN };
    expect((await cache('a')).kind).toBe('expired');
    expect((await cache('a')).kind).toBe('expired');
    expect(verified).toEqual(['a', 'a', 'a']);
  });

  it('verifies anew only when the access generation has moved', async () => {
    const cache = createCache();
    await cache('a');
    access++;
    for (let i = 0; i < 3; i++) expect((await cache('a')).kind).toBe('valid');
    expect(stampChecks).toBe(2);
    expect(verified).toEqual(['a', 'a']);
  });

  it('stops to believe a token whose key has gone, at the next request', async () => {
    const cache = createCache();
    await cache('a');
    access++;
    answer = { kind: 'invalid' };
    expect((await cache('a')).kind).toBe('invalid');
  });

  it('verifies tokens of another token service anew every five minutes', async () => {
    answer = { kind: 'valid', token: { ...TOKEN, expiresAt: 10_000 } };
    const cache = createCache(false);
    for (const at of [0, 299_000, 301_000, 599_000]) {
      now = at;
      await cache('a');
    }
    expect(verified).toEqual(['a', 'a']);
  });

  it('stops to believe a token whose stamp has gone, at the next request', async () => {
    const cache = createCache();
    await cache('a');
    access++;
    isCurrent = false;
    expect((await cache('a')).kind).toBe('invalid');
    expect((await cache('a')).kind).toBe('invalid');
  });

  it.each(['valid', 'expired'] as const)('checks the stamp of a new %s token', async (kind) => {
    isCurrent = false;
    answer = { kind, token: TOKEN };
    expect((await createCache()('a')).kind).toBe('invalid');
  });

  it('ignores stamps when there is no store for them', async () => {
    isCurrent = false;
    const cache = createCache(false);
    expect((await cache('a')).kind).toBe('valid');
    access++;
    expect((await cache('a')).kind).toBe('valid');
    expect(stampChecks).toBe(0);
  });

  it('does not remember invalid tokens', async () => {
    answer = { kind: 'invalid' };
    const cache = createCache();
    await cache('a');
    await cache('a');
    expect(verified).toEqual(['a', 'a']);
  });

  it('drops the oldest when it is full', async () => {
    const cache = createCache(true, 2500);
    for (const token of ['a', 'b', 'c', 'c', 'b', 'a']) await cache(token);
    expect(verified).toEqual(['a', 'b', 'c', 'a']);
  });

  // Anybody gets a token for a hundred repositories of a public namespace, also such as are not there.
  it('makes room for a token by its length', async () => {
    const cache = createCache(true, 20_000);
    const wide = 'w'.repeat(14_000);
    for (const token of ['a', 'b', wide, 'a', 'b']) await cache(token);
    expect(verified).toEqual(['a', 'b', wide]);
    const other = 'o'.repeat(14_000);
    for (const token of [other, wide]) await cache(token);
    expect(verified).toEqual(['a', 'b', wide, other, wide]);
  });
});
