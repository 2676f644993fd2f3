// A layer of 256 MiB (2 GiB with PORTOLAN_LARGE=1): what it costs in memory, and that nothing is fetched
// twice when the connection or the whole program breaks in the middle of it.
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { peakMemory } from '../bench/process-memory.ts';
import { type CountingProxy, startCountingProxy } from '../support/counting-proxy.ts';
import { describeWith } from '../support/debian-package.ts';
import { type DebianRegistry, startDebianRegistry } from '../support/debian-registry.ts';
import { LARGE_BYTES, type LargeImage, pushLargeImage } from './large-image.ts';
import { digestAt, type Mirror, openClient, startMirror } from './world.ts';

const MEBIBYTE = 2 ** 20;
const MOST_MEMORY = 256 * MEBIBYTE;
const TIMEOUT_MS = 60_000 + LARGE_BYTES / 10_000;
/** What is written between two notes of how far a download is, and what lies in sockets and pipes. */
const SLACK = 16 * MEBIBYTE;

describeWith({ packages: ['docker-registry'] }, 'a large layer', () => {
  let upstream: DebianRegistry;
  let proxy: CountingProxy;
  let mirror: Mirror;
  const repositories = ['big/memory', 'big/cut', 'big/waiting', 'big/flowing'] as const;
  const images = new Map<string, LargeImage>();

  beforeAll(async () => {
    upstream = await startDebianRegistry();
    proxy = await startCountingProxy(upstream.url);
    const client = openClient(upstream.url);
    for (const name of repositories) images.set(name, await pushLargeImage(client, name, 'large'));
    mirror = await startMirror();
    await mirror.must(`upstream set quay.io --endpoint ${proxy.url}`);
    for (const name of repositories) await mirror.must(`mirror add quay.io/${name}`);
  }, TIMEOUT_MS);

  afterAll(async () => {
    await mirror?.portolan.stop();
    await proxy?.stop();
    await upstream?.stop();
  });

  function layerOf(name: string): LargeImage['layer'] {
    const image = images.get(name);
    if (image === undefined) throw new Error(`no image in ${name}`);
    return image.layer;
  }

  function fetchesOf(digest: string) {
    return proxy.requests.filter(
      ({ method, path }) => method === 'GET' && path.includes(`/blobs/${digest}`),
    );
  }

  async function expectMirrored(name: string): Promise<void> {
    const here = `quay.io/${name}`;
    const client = await mirror.client(here);
    expect(await digestAt(client, here, 'large')).toBe(images.get(name)?.digest);
    const { digest, size } = layerOf(name);
    const { headers } = await client.expect([200], 'HEAD', `/v2/${here}/blobs/${digest}`);
    expect(headers.get('content-length')).toBe(String(size));
  }

  test(
    'comes in with less than 256 MiB of memory',
    async ({ annotate }) => {
      const sync = mirror.start('mirror sync quay.io/big/memory');
      const peak = await peakMemory(sync.pid, () => sync.ended);
      const { code, stderr } = await sync.ended;
      expect(code, stderr).toBe(0);
      await annotate(`${LARGE_BYTES / MEBIBYTE} MiB layer: ${Math.round(peak / MEBIBYTE)} MiB`);
      expect(peak).toBeLessThan(MOST_MEMORY);
      await expectMirrored('big/memory');
    },
    TIMEOUT_MS,
  );

  test(
    'goes on by Range when its connection breaks',
    async () => {
      const { digest, size } = layerOf('big/cut');
      let cuts = 2;
      proxy.forget();
      proxy.interfere(({ method, path }) => {
        if (method !== 'GET' || !path.includes(digest) || cuts === 0) return undefined;
        cuts -= 1;
        return { kind: 'cut', afterBytes: Math.floor(size / 3) };
      });
      await mirror.must('mirror sync quay.io/big/cut');
      proxy.interfere(undefined);
      const fetches = fetchesOf(digest);
      expect(fetches.map(({ range }) => range !== undefined)).toEqual([false, true, true]);
      expect(fetches.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThan(size + SLACK);
      await expectMirrored('big/cut');
    },
    TIMEOUT_MS,
  );

  test.each([
    ['while it waits for bytes', 'big/waiting'],
    ['while bytes flow', 'big/flowing'],
  ])(
    'goes on by Range in the next run when the program is killed %s',
    async (_, name) => {
      const { digest, size } = layerOf(name);
      const isWaiting = name === 'big/waiting';
      proxy.forget();
      proxy.interfere(({ method, path }) =>
        method === 'GET' && path.includes(digest) && isWaiting
          ? { kind: 'stall', afterBytes: size / 2 }
          : undefined,
      );
      const killed = mirror.start(`mirror sync quay.io/${name}`);
      while ((fetchesOf(digest)[0]?.bytes ?? 0) < size / 2) await delay(5);
      if (isWaiting) await delay(500);
      killed.kill();
      await killed.ended;
      proxy.interfere(undefined);
      const client = await mirror.client(`quay.io/${name}`);
      expect(await digestAt(client, `quay.io/${name}`, 'large')).toBeUndefined();

      proxy.forget();
      await mirror.must(`mirror sync quay.io/${name}`);
      const fetches = fetchesOf(digest);
      expect(fetches).toHaveLength(1);
      expect(fetches[0]?.range).toMatch(/^bytes=\d+-$/);
      expect(fetches[0]?.bytes).toBeLessThan(size / 2 + SLACK);
      await expectMirrored(name);
    },
    TIMEOUT_MS + 70_000,
  );
});
