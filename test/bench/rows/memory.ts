// Peak memory of the whole process tree, Portolan with one worker.
import { get } from 'node:http';
import path from 'node:path';
import { mkdirSync } from 'node:fs';
import { peakMemory } from '../process-memory.ts';
import { pushStream } from '../push.ts';
import type { Bench, Row } from '../row.ts';
import type { Server } from '../server.ts';
import { gibibyte } from './pushes.ts';

const REPOSITORY = 'admin/memory';
const SCOPE = `repository:${REPOSITORY}:pull,push`;
const PULLS = 200;
const MIB = 2 ** 20;

async function withServer(
  bench: Bench,
  work: (server: Server) => Promise<number>,
): Promise<number> {
  const directory = path.join(bench.scratch, 'memory');
  mkdirSync(directory, { recursive: true });
  const server = await bench.contender.start(directory, { workers: 1 });
  try {
    return await work(server);
  } finally {
    await server.stop();
  }
}

/** Reads the blob's first 64 MiB, all 200 at once, and throws the bytes away. */
function discard(url: string, token: Readonly<Record<string, string>>): Promise<void> {
  const headers = { ...token, range: `bytes=0-${64 * MIB - 1}` };
  return new Promise((resolve, reject) => {
    get(url, { headers, agent: false }, (incoming) => {
      if (incoming.statusCode !== 206) reject(new Error(`GET: ${incoming.statusCode}`));
      incoming.on('error', reject);
      incoming.on('end', resolve);
      incoming.resume();
    }).on('error', reject);
  });
}

const afterPushAndPulls: Row = {
  name: 'peak memory: 1 GiB push, then 200 parallel pulls of it (one worker)',
  unit: 'MiB',
  better: 'less',
  measure: (bench) =>
    withServer(bench, async (server) => {
      const headers = await server.headers(SCOPE);
      const blob = gibibyte();
      const pushing = await peakMemory(server.pid, () =>
        pushStream(server, REPOSITORY, headers, blob),
      );
      const url = `${server.url}/v2/${REPOSITORY}/blobs/${blob.digest}`;
      const pulling = await peakMemory(server.pid, () =>
        Promise.all(Array.from({ length: PULLS }, () => discard(url, headers))),
      );
      return Math.max(pushing, pulling) / MIB;
    }),
};

export const MEMORY: readonly Row[] = [afterPushAndPulls];
