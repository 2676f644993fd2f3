import { MediaType } from '@portolan/oci';
import { expect, test } from 'vitest';
import { createManifestCache } from '../../src/manifests/manifest-cache.ts';
import { REPOSITORY, sha256 } from '../fixtures/content.ts';

const manifest = (text: string) => ({
  digest: sha256(Buffer.from(text)),
  mediaType: MediaType.parse('application/json'),
  body: Buffer.alloc(10_000, text),
});

test('drops the least recently used bodies first, by bytes', () => {
  const [a, b, c] = [manifest('a'), manifest('b'), manifest('c')];
  const cache = createManifestCache(25_000);
  cache.set(REPOSITORY, a, 1);
  cache.set(REPOSITORY, b, 1);
  cache.find(REPOSITORY, a.digest);
  cache.set(REPOSITORY, c, 1);
  expect(cache.find(REPOSITORY, a.digest)).toBeDefined();
  expect(cache.find(REPOSITORY, b.digest)).toBeUndefined();
  expect(cache.find(REPOSITORY, c.digest)).toBeDefined();
});

test('counts a body once however often it is set', () => {
  const [a, b] = [manifest('a'), manifest('b')];
  const cache = createManifestCache(25_000);
  cache.set(REPOSITORY, b, 1);
  for (let generation = 1; generation < 10; generation++) cache.set(REPOSITORY, a, generation);
  expect(cache.find(REPOSITORY, b.digest)).toBeDefined();
  expect(cache.find(REPOSITORY, a.digest)?.seenIn).toBe(9);
});
