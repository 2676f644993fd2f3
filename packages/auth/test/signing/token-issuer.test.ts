import * as fc from 'fast-check';
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { libtrustKeyId } from '../../src/signing/libtrust-key-id.ts';
import { openSigningKeys, type SigningKeys } from '../../src/signing/signing-keys.ts';
import { createTokenIssuer, type TokenIssuer } from '../../src/signing/token-issuer.ts';
import { createTestClock } from '../fixtures/test-clock.ts';
import { createTestStorage, randomId, type TestStorage } from '../fixtures/test-storage.ts';

const clock = createTestClock();
const REQUEST = {
  subject: 'alice',
  audience: 'registry',
  access: [{ type: 'repository', name: 'a/b', actions: ['pull'] }],
  stamp: undefined,
  keyIdForm: 'rfc7638',
} as const;

let test: TestStorage;
let keys: SigningKeys;

function issuerOf(ttlSeconds: number): TokenIssuer {
  return createTokenIssuer({ keys, issuer: 'me', ttlSeconds, clock: clock.now, randomId });
}

beforeAll(async () => {
  test = await createTestStorage(clock);
  const { signingKeys: store, leases } = test.storage;
  keys = await openSigningKeys({
    directory: test.keyDirectory,
    store,
    leases,
    clock: clock.now,
    randomId,
  });
});
afterAll(() => test.close());

async function verify(token: string) {
  const { keys: set } = await keys.publicKeySet();
  const options = { issuer: 'me', audience: 'registry', algorithms: ['ES256'] };
  return jwtVerify(token, createLocalJWKSet({ keys: set.map((jwk) => ({ ...jwk, kty: 'EC' })) }), {
    ...options,
    currentDate: new Date(clock.now()),
  });
}

describe('token issuer', () => {
  it.each([0, 59, 3601, Number.POSITIVE_INFINITY])('refuses a life of %s seconds', (ttl) => {
    expect(() => issuerOf(ttl)).toThrow(RangeError);
  });

  it('names the key as old registries look it up, when asked to', async () => {
    const { token } = await issuerOf(300).issue({ ...REQUEST, keyIdForm: 'libtrust' });
    const { signingKey } = await keys.active();
    expect(decodeProtectedHeader(token)).toEqual({
      alg: 'ES256',
      typ: 'JWT',
      kid: libtrustKeyId(signingKey),
    });
  });

  it('signs so that no single bit of a token can be changed', async () => {
    const { token } = await issuerOf(300).issue(REQUEST);
    await expect(verify(token)).resolves.toBeDefined();
    const parts = token.split('.').map((part) => Buffer.from(part, 'base64url'));
    const bits = fc.constantFrom(
      ...parts.flatMap((bytes, part) =>
        Array.from({ length: bytes.length * 8 }, (_, bit) => ({ part, bit })),
      ),
    );
    await fc.assert(
      fc.asyncProperty(bits, async ({ part, bit }) => {
        const changed = parts.map((bytes) => Buffer.from(bytes));
        const bytes = changed[part] ?? Buffer.alloc(0);
        bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        await expect(
          verify(changed.map((b) => b.toString('base64url')).join('.')),
        ).rejects.toThrow();
      }),
      { numRuns: 300 },
    );
  });
});
