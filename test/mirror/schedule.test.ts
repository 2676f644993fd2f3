// A rule with a schedule is run by `portolan serve`, by one process of however many.
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CountingProxy, startCountingProxy } from '../support/counting-proxy.ts';
import { describeWith } from '../support/debian-package.ts';
import { type DebianRegistry, startDebianRegistry } from '../support/debian-registry.ts';
import { makeImage } from '../support/image.ts';
import { pushImage } from '../support/registry-client.ts';
import { digestAt, type Mirror, openClient, startMirror } from './world.ts';

const PATH = 'library/hourly';
const NAME = `docker.io/${PATH}`;
const WITHIN_MS = 90_000;

/** As if the hour had come. */
function makeDue(dataDir: string): void {
  const database = new DatabaseSync(join(dataDir, 'portolan.db'), { timeout: 5000 });
  database.exec('UPDATE mirror_rule SET next_run_at = 1');
  database.close();
}

describeWith({ packages: ['docker-registry'] }, 'a rule with a schedule', () => {
  let upstream: DebianRegistry;
  let proxy: CountingProxy;
  let mirror: Mirror;
  const image = makeImage();

  beforeAll(async () => {
    upstream = await startDebianRegistry();
    proxy = await startCountingProxy(upstream.url);
    await pushImage(openClient(upstream.url), PATH, image, '1');
    mirror = await startMirror({ workers: 2 });
    await mirror.must(`upstream set docker.io --endpoint ${proxy.url}`);
  });

  afterAll(async () => {
    await mirror?.portolan.stop();
    await proxy?.stop();
    await upstream?.stop();
  });

  test(
    'is run by the server when its time has come, once',
    async () => {
      await mirror.must(`mirror add ${NAME} --schedule @hourly`);
      const client = await mirror.client(NAME);
      expect(await digestAt(client, NAME, '1')).toBeUndefined();
      makeDue(mirror.portolan.dataDir);
      const until = Date.now() + WITHIN_MS;
      while ((await digestAt(client, NAME, '1')) === undefined && Date.now() < until) {
        await delay(200);
      }
      expect(await digestAt(client, NAME, '1'), mirror.portolan.logs()).toBe(image.root.digest);
      await delay(1000);
      const blobs = proxy.requests.filter((each) => each.path.includes('/blobs/'));
      expect(new Set(blobs.map(({ path }) => path)).size).toBe(blobs.length);
      const runs = await mirror.json<object[]>(`mirror log ${NAME}`);
      expect(runs).toHaveLength(1);
    },
    WITHIN_MS + 30_000,
  );
});
