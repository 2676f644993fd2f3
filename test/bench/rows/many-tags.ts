// What costs how much beside 100,000 tags in one repository.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pushImage, putManifest, send } from '../push.ts';
import type { Bench, Row } from '../row.ts';
import { wrk } from '../wrk.ts';

const REPOSITORY = 'admin/many';
const SCOPE = `repository:${REPOSITORY}:pull,push,delete`;
const TAGS = 100_000;
const TAGS_A_REQUEST = 100;

const tagName = (i: number): string => `t${String(i).padStart(6, '0')}`;

/** Through the wire: a hundred tags with each PUT (distribution-spec, end-7b). */
async function tagOverTheWire({ server }: Bench): Promise<void> {
  const headers = await server.headers(SCOPE);
  const image = await pushImage(server, REPOSITORY, headers, 'seed');
  for (let i = 0; i < TAGS; i += TAGS_A_REQUEST) {
    const tags = Array.from({ length: TAGS_A_REQUEST }, (_, k) => `tag=${tagName(i + k)}`);
    const reference = `${image.digest}?${tags.join('&')}`;
    await putManifest(server, REPOSITORY, headers, { reference, body: image.body });
  }
}

/** docker-registry takes one tag a request; its link files are written as it would write them. */
async function tagOnDisk({ server }: Bench): Promise<void> {
  const image = await pushImage(server, REPOSITORY, {}, 'seed');
  const root = path.join(server.directory, 'docker/registry/v2/repositories', REPOSITORY);
  const [algorithm = '', hex = ''] = image.digest.split(':');
  for (let i = 0; i < TAGS; i++) {
    const tag = path.join(root, '_manifests/tags', tagName(i));
    mkdirSync(path.join(tag, 'current'), { recursive: true });
    writeFileSync(path.join(tag, 'current/link'), image.digest);
    mkdirSync(path.join(tag, 'index', algorithm, hex), { recursive: true });
    writeFileSync(path.join(tag, 'index', algorithm, hex, 'link'), image.digest);
  }
}

/** Not a figure: fills the repository that the rows after it need. */
export async function seedTags(bench: Bench): Promise<void> {
  if (bench.contender.name === 'portolan') await tagOverTheWire(bench);
  else await tagOnDisk(bench);
}

const tagPage: Row = {
  name: '100-tag page beside 100,000 tags',
  unit: 'requests/s',
  better: 'more',
  wanted: 200,
  measure: async ({ server, seconds }) => {
    const headers = await server.headers(SCOPE);
    const url = `${server.url}/v2/${REPOSITORY}/tags/list?n=100&last=${tagName(50_000)}`;
    return (await wrk({ url, headers, connections: 8, seconds })).requestsPerSecond;
  },
};

const DELETES = 5;

const manifestDelete: Row = {
  name: 'manifest delete beside 100,000 tags',
  unit: 'ms',
  better: 'less',
  wanted: 500,
  measure: async ({ server }) => {
    const headers = await server.headers(SCOPE);
    const times: number[] = [];
    for (let i = 0; i < DELETES; i++) {
      const { digest } = await pushImage(server, REPOSITORY, headers, `victim-${i}`);
      const url = new URL(`/v2/${REPOSITORY}/manifests/${digest}`, server.url);
      const startedAt = performance.now();
      const { status } = await send(url, 'DELETE', headers);
      times.push(performance.now() - startedAt);
      if (status !== 202) throw new Error(`DELETE: ${status}`);
    }
    return times.sort((a, b) => a - b)[Math.floor(DELETES / 2)] ?? 0;
  },
};

export const MANY_TAGS: readonly Row[] = [tagPage, manifestDelete];
