// Reads of small and large content over kept-alive connections.
import { randomBytes } from 'node:crypto';
import { MANIFEST, pushBlob, pushImage } from '../push.ts';
import type { Bench, Row } from '../row.ts';
import { hey } from '../hey.ts';
import { wrk } from '../wrk.ts';

const REPOSITORY = 'admin/reads';
const SCOPE = `repository:${REPOSITORY}:pull,push`;

type Target = (bench: Bench, headers: Readonly<Record<string, string>>) => Promise<string>;

const byTag: Target = async ({ server }, headers) => {
  await pushImage(server, REPOSITORY, headers, 'latest');
  return 'manifests/latest';
};

const byDigest: Target = async ({ server }, headers) => {
  const { digest } = await pushImage(server, REPOSITORY, headers, 'latest');
  return `manifests/${digest}`;
};

const blobOf =
  (bytes: number): Target =>
  async ({ server }, headers) =>
    `blobs/${await pushBlob(server, REPOSITORY, headers, { bytes: randomBytes(bytes) })}`;

function rate(name: string, method: 'GET' | 'HEAD', target: Target, wanted: number): Row {
  return {
    name,
    unit: 'requests/s',
    better: 'more',
    wanted,
    measure: async (bench) => {
      const headers = await bench.server.headers(SCOPE);
      const url = `${bench.server.url}/v2/${REPOSITORY}/${await target(bench, headers)}`;
      // distribution 2.8 answers 404 to who does not name the type.
      const accept = { ...headers, accept: MANIFEST };
      const load = { url, headers: accept, connections: 50 };
      const run = method === 'HEAD' ? hey : wrk;
      await run({ ...load, seconds: 1 });
      return (await run({ ...load, seconds: bench.seconds })).requestsPerSecond;
    },
  };
}

const LARGE = 100 * 2 ** 20;

const largeBlob: Row = {
  name: '100 MiB blob GET, 8 connections',
  unit: 'MiB/s',
  better: 'more',
  wanted: 1,
  measure: async (bench) => {
    const headers = await bench.server.headers(SCOPE);
    const url = `${bench.server.url}/v2/${REPOSITORY}/${await blobOf(LARGE)(bench, headers)}`;
    const load = { url, headers, connections: 8, seconds: bench.seconds };
    return (await wrk(load)).bytesPerSecond / 2 ** 20;
  },
};

export const READS: readonly Row[] = [
  rate('manifest GET by tag', 'GET', byTag, 5),
  rate('manifest GET by digest', 'GET', byDigest, 5),
  rate('manifest HEAD by tag', 'HEAD', byTag, 5),
  rate('manifest HEAD by digest', 'HEAD', byDigest, 5),
  rate('blob HEAD', 'HEAD', blobOf(1024), 5),
  rate('1 KiB blob GET', 'GET', blobOf(1024), 5),
  largeBlob,
];
