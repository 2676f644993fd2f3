import { chmod, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Storage } from '@portolan/storage';
import { calculateJwkThumbprint, type JWK } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PUBLISH_LEAD_MS, rotateSigningKey } from '../../src/signing/key-rotation.ts';
import { openSigningKeys, type SigningKeys } from '../../src/signing/signing-keys.ts';
import { createTestClock, MINUTE, SECOND, type TestClock } from '../fixtures/test-clock.ts';
import { createTestStorage, randomId, type TestStorage } from '../fixtures/test-storage.ts';

let clock: TestClock;
let test: TestStorage;

beforeEach(async () => {
  clock = createTestClock();
  test = await createTestStorage(clock);
});
afterEach(() => test.close());

function openKeys(storage: Storage = test.storage): Promise<SigningKeys> {
  return openSigningKeys({
    directory: test.keyDirectory,
    store: storage.signingKeys,
    leases: storage.leases,
    clock: clock.now,
    randomId,
  });
}

const rotate = (isEmergency = false) =>
  rotateSigningKey(
    { directory: test.keyDirectory, store: test.storage.signingKeys, clock: clock.now },
    { actor: 'test', isEmergency },
  );
const published = async (keys: SigningKeys) =>
  (await keys.publicKeySet()).keys.map(({ kid }) => kid);
const active = async (keys: SigningKeys) => (await keys.active()).signingKey.kid;

describe('signing keys', () => {
  it('are made at the first start, in a file that only the owner can read', async () => {
    const keys = await openKeys();
    const { signingKey, privateKey } = await keys.active();
    expect(await calculateJwkThumbprint(signingKey.publicJwk as JWK)).toBe(signingKey.kid);
    expect(privateKey.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
    const files = await readdir(test.keyDirectory);
    expect(files).toEqual([`${signingKey.kid}.pem`]);
    const { mode } = await stat(join(test.keyDirectory, `${signingKey.kid}.pem`));
    expect(mode & 0o777).toBe(0o600);
  });

  it('stay the same at the next start', async () => {
    const first = await active(await openKeys());
    expect(await active(await openKeys())).toBe(first);
  });

  it('are one key when several processes start at once', async () => {
    const storages = await Promise.all(Array.from({ length: 5 }, () => test.open()));
    const opened = await Promise.all(storages.map(openKeys));
    expect(new Set(await Promise.all(opened.map(active))).size).toBe(1);
    expect(await readdir(test.keyDirectory)).toHaveLength(1);
  });

  it('go on signing when the clock is set back', async () => {
    const kid = await active(await openKeys());
    clock.advance(-60 * MINUTE);
    expect(await active(await openKeys())).toBe(kid);
  });

  it('are refused when others can read the file', async () => {
    const kid = await active(await openKeys());
    await chmod(join(test.keyDirectory, `${kid}.pem`), 0o640);
    await expect(openKeys()).rejects.toMatchObject({ code: 'signing-key-exposed' });
  });

  it('are refused when the file is gone, and not made anew', async () => {
    const kid = await active(await openKeys());
    await rm(join(test.keyDirectory, `${kid}.pem`));
    await expect(openKeys()).rejects.toMatchObject({ code: 'signing-key-missing' });
    await rotate(true);
    expect(await active(await openKeys())).not.toBe(kid);
  });
});

describe('rotation', () => {
  it('publishes the next key at least two minutes before it signs', async () => {
    const keys = await openKeys();
    const first = await active(keys);
    const { kid: next } = await rotate();
    clock.advance(5 * SECOND);
    expect(await published(keys)).toEqual([first, next]);
    expect(await active(keys)).toBe(first);
    clock.advance(2 * MINUTE);
    expect(await active(keys)).toBe(first);
    clock.advance(PUBLISH_LEAD_MS);
    expect(await active(keys)).toBe(next);
  });

  it('keeps the old key published while a token of it may live, and then removes it', async () => {
    const keys = await openKeys();
    const first = await active(keys);
    const { kid: next } = await rotate();
    clock.advance(PUBLISH_LEAD_MS + 61 * MINUTE);
    expect(await published(keys)).toEqual([first, next]);
    clock.advance(2 * MINUTE);
    expect(await published(keys)).toEqual([next]);
    await openKeys();
    expect(await readdir(test.keyDirectory)).toEqual([`${next}.pem`]);
  });

  it('reaches a process that is running', async () => {
    const other = await openKeys(await test.open());
    const { kid: next } = await rotate();
    clock.advance(PUBLISH_LEAD_MS);
    expect(await active(other)).toBe(next);
  });

  it('may be repeated before the next key signs', async () => {
    const keys = await openKeys();
    const first = await active(keys);
    const { kid: second } = await rotate();
    clock.advance(10 * SECOND);
    const { kid: third } = await rotate();
    clock.advance(10 * SECOND);
    expect(await published(keys)).toEqual([first, second, third]);
    clock.advance(PUBLISH_LEAD_MS);
    expect(await active(keys)).toBe(third);
  });

  it('in an emergency signs at once and ends every other key', async () => {
    const keys = await openKeys();
    await rotate();
    clock.advance(10 * SECOND);
    const { kid } = await rotate(true);
    clock.advance(5 * SECOND);
    expect(await active(keys)).toBe(kid);
    expect(await published(keys)).toEqual([kid]);
    expect(await readdir(test.keyDirectory)).toEqual([`${kid}.pem`]);
  });
});
