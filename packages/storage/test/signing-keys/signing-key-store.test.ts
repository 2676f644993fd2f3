import { expect, it } from 'vitest';
import type { SigningKey } from '../../src/signing-keys/signing-key-store.ts';
import { ACTOR, openAccess } from '../access-fixture.ts';

const key = (kid: string, activatesAt: number): SigningKey => ({
  kid,
  publicJwk: { kty: 'EC', crv: 'P-256', x: 'x', y: 'y' },
  createdAt: 1,
  activatesAt,
  retiresAt: undefined,
});

it('retires the keys before a new one, once, and forgets them when their time has passed', async () => {
  const { signingKeys, time, auditActions } = await openAccess();
  await signingKeys.add(key('one', 1), 0, ACTOR);
  await signingKeys.add(key('two', 2), time.now + 10, ACTOR);
  await signingKeys.add(key('three', 3), time.now + 20, ACTOR);
  const retirements = async () => (await signingKeys.list()).map((k) => [k.kid, k.retiresAt]);
  const two = ['two', time.now + 20];
  expect(await retirements()).toEqual([['one', time.now + 10], two, ['three', undefined]]);
  expect(await signingKeys.removeRetired()).toEqual([]);
  time.now += 10;
  expect(await signingKeys.removeRetired()).toEqual(['one']);
  expect(await retirements()).toEqual([two, ['three', undefined]]);
  expect((await auditActions()).at(-1)).toBe('key.retire one');
});

it('gives a key back as it was', async () => {
  const { signingKeys } = await openAccess();
  await signingKeys.add(key('one', 5), 0, ACTOR);
  expect(await signingKeys.list()).toEqual([key('one', 5)]);
});
