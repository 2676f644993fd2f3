// Pushes of many small and one large blob.
import { createHash, randomBytes } from 'node:crypto';
import { digestOf, pushBlob, pushStream } from '../push.ts';
import type { Row } from '../row.ts';

const REPOSITORY = 'admin/pushes';
const SCOPE = `repository:${REPOSITORY}:pull,push`;
const PUSHES = 1500;
const WARM_UP = 200;
const AT_ONCE = 10;
const MIB = 2 ** 20;

/** A MiB that differs from `seed` in its first bytes. */
function variant(seed: Buffer, i: number): Buffer {
  const chunk = Buffer.from(seed);
  chunk.writeUInt32BE(i);
  return chunk;
}

const smallPushes: Row = {
  name: '1 MiB blob pushes, 10 at a time',
  unit: 'pushes/s',
  better: 'more',
  wanted: 1.5,
  measure: async ({ server }) => {
    const headers = await server.headers(SCOPE);
    const seed = randomBytes(MIB);
    // Hashed before the clock runs: the driver shares the machine with the server.
    const digests = Array.from({ length: PUSHES + WARM_UP }, (_, i) => digestOf(variant(seed, i)));
    let next = 0;
    const pushUntil = async (end: number): Promise<void> => {
      while (next < end) {
        const i = next++;
        await pushBlob(server, REPOSITORY, headers, {
          bytes: variant(seed, i),
          digest: digests[i] ?? '',
        });
      }
    };
    const drive = (end: number) =>
      Promise.all(Array.from({ length: AT_ONCE }, () => pushUntil(end)));
    await drive(WARM_UP);
    const startedAt = performance.now();
    await drive(WARM_UP + PUSHES);
    return (PUSHES * 1000) / (performance.now() - startedAt);
  },
};

/** 1 GiB that repeats one random MiB with a counter in front, so that it needs no memory. */
export function gibibyte(): { digest: string; chunks: () => Iterable<Uint8Array> } {
  const seed = randomBytes(MIB);
  function* chunks(): Generator<Uint8Array> {
    for (let i = 0; i < 1024; i++) {
      yield variant(seed, i);
    }
  }
  const hash = createHash('sha256');
  for (const chunk of chunks()) hash.update(chunk);
  return { digest: `sha256:${hash.digest('hex')}`, chunks };
}

const oneLarge: Row = {
  name: 'one 1 GiB push',
  unit: 'MiB/s',
  better: 'more',
  wanted: 1,
  measure: async ({ server }) => {
    const headers = await server.headers(SCOPE);
    const blob = gibibyte();
    const startedAt = performance.now();
    await pushStream(server, REPOSITORY, headers, blob);
    return (1024 * 1000) / (performance.now() - startedAt);
  },
};

export const PUSHES_ROWS: readonly Row[] = [smallPushes, oneLarge];
