// Kills the whole server (-9) at random moments of mixed work, again and again on one data directory,
// and compares what it has afterwards with what it had promised (reference reliability R2, row 1).
// PORTOLAN_KILLS sets the number of kills.
import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, onTestFailed, test } from 'vitest';
import { findFreePort } from '../support/free-port.ts';
import { randomBlob } from '../support/image.ts';
import { findProcessTree } from '../support/process-tree.ts';
import { createRegistryClient, pullAll, type RegistryClient } from '../support/registry-client.ts';
import { createScratchDirectory, type ScratchDirectory } from '../support/scratch-directory.ts';
import { type Portolan, startPortolan } from '../support/start-portolan.ts';
import { readDiskState } from './disk-state.ts';
import { ABSENT, createLedger, type Ledger } from './ledger.ts';
import { createWriter } from './writer.ts';

const KILLS = Number(process.env['PORTOLAN_KILLS'] ?? 100);
const SECONDS_PER_KILL = 10;
const LEASE_SECONDS = 5;
const REPOSITORIES = ['killed/a', 'killed/b', 'killed/c'] as const;
const WRITERS_PER_REPOSITORY = 2;

/** Each tag has a value that it may have, and all that it leads to can be pulled. */
async function settleTags(client: RegistryClient, ledger: Ledger): Promise<string[]> {
  const faults: string[] = [];
  const settleOne = async ({ repository, tag, allowed }: (typeof places)[number]) => {
    const path = `/v2/${repository}/manifests/${tag}`;
    const head = await client.expect([200, 404], 'HEAD', path);
    const value =
      head.status === 404 ? ABSENT : (head.headers.get('docker-content-digest') ?? 'no digest');
    const wanted = [...allowed].join(' or ');
    if (!allowed.has(value)) faults.push(`${repository}:${tag} is ${value}, not ${wanted}`);
    if (value !== ABSENT) {
      await pullAll(client, repository, tag).catch((error: unknown) => {
        faults.push(`${repository}:${tag}: ${String(error)}`);
      });
    }
    ledger.settle({ repository, tag }, value);
  };
  const places = [...ledger.tags()];
  await Promise.all(places.map(settleOne));
  return faults;
}

/** What was acknowledged is there without a tag too, for as long as its lease. */
async function checkLeases(client: RegistryClient, ledger: Ledger): Promise<string[]> {
  const faults: string[] = [];
  // Half of the lease leaves room for the time that the check itself takes.
  const since = Date.now() - (LEASE_SECONDS * 1000) / 2;
  const promises = [...ledger.promises()].filter(({ sentAt }) => sentAt > since);
  await Promise.all(
    promises.map(async ({ repository, digest }) => {
      await pullAll(client, repository, digest).catch((error: unknown) => {
        faults.push(`${repository}@${digest} is lost: ${String(error)}`);
      });
    }),
  );
  return faults;
}

/** A killed process would keep the others from its jobs for a minute, and this test from collection. */
function expireLeases(dataDir: string): void {
  const database = new DatabaseSync(join(dataDir, 'portolan.db'), { timeout: 5000 });
  database.exec('UPDATE lease SET until = 0');
  database.close();
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

describe('a server that is killed', () => {
  let scratch: ScratchDirectory;
  let portolan: Portolan | undefined;
  const readyTimes: number[] = [];
  const counts = new Map<string, number>();
  const ledger = createLedger();
  const sharedLayers = Array.from({ length: 8 }, () => randomBlob(randomInt(1, 300_000)));
  const writers = REPOSITORIES.flatMap((repository) =>
    Array.from({ length: WRITERS_PER_REPOSITORY }, (_, i) =>
      createWriter({
        ledger,
        name: `writer${i}`,
        repository,
        repositories: REPOSITORIES,
        sharedLayers,
        count: (operation) => counts.set(operation, (counts.get(operation) ?? 0) + 1),
      }),
    ),
  );

  beforeAll(async () => {
    scratch = await createScratchDirectory('kill');
  });

  afterAll(async () => {
    if (portolan !== undefined) (await findProcessTree(portolan.pid)).kill();
    await scratch?.remove();
  });

  test(
    `keeps what it acknowledged over ${KILLS} kills`,
    async ({ annotate }) => {
      onTestFailed(async () => {
        // What it says about the failure may still be on its way.
        await delay(500);
        console.log(portolan?.logs().slice(-10_000));
      });
      const dataDir = join(scratch.path, 'data');
      // One address, so that tokens hold over restarts.
      const address = `127.0.0.1:${await findFreePort()}`;
      const start = async (workers: number): Promise<Portolan> => {
        const startedAt = performance.now();
        portolan = await startPortolan({
          dataDir,
          workers,
          env: {
            PORTOLAN_LISTEN: address,
            PORTOLAN_ADMIN_PASSWORD: 'only-for-this-test-2c9d',
            PORTOLAN_TOKEN_TTL_SECONDS: '3600',
            PORTOLAN_STORAGE_DISK_FLOOR: '0',
            PORTOLAN_STORAGE_LEASE_SECONDS: String(LEASE_SECONDS),
            PORTOLAN_STORAGE_UPLOAD_IDLE_SECONDS: String(LEASE_SECONDS),
            PORTOLAN_STORAGE_COLLECT_EVERY_SECONDS: '1',
          },
        });
        expect((await fetch(`${portolan.url}/readyz`)).status).toBe(200);
        readyTimes.push(performance.now() - startedAt);
        return portolan;
      };

      let server = await start(1);
      const created = await server.cli('team', 'create', 'killed', '--owner', 'admin');
      expect(created.code, created.stderr).toBe(0);
      await server.cli('namespace', 'create', 'killed', '--team', 'killed');
      const token = await server.token(REPOSITORIES.map((name) => `repository:${name}:*`));
      const client = createRegistryClient(server.url, token);

      for (let kill = 1; kill <= KILLS; kill++) {
        const dying = new AbortController();
        const work = Promise.all(writers.map((writer) => writer.run(client, dying.signal)));
        await Promise.race([work, delay(randomInt(50, 800))]);
        const tree = await findProcessTree(server.pid);
        dying.abort();
        tree.kill();
        await server.kill();
        await work;
        // With one process and with a primary and two workers in turn.
        server = await start(1 + (kill % 2));
        expireLeases(dataDir);
        const faults = [
          ...(await settleTags(client, ledger)),
          ...(await checkLeases(client, ledger)),
        ];
        expect(faults, `after kill ${kill}`).toEqual([]);
      }

      (await findProcessTree(server.pid)).kill();
      await server.kill();
      const state = readDiskState(dataDir);
      const p95 = Math.round(percentile(readyTimes, 0.95));
      await annotate(
        [
          `${KILLS} kills, ready again after ${p95} ms (p95)`,
          `acknowledged: ${JSON.stringify(Object.fromEntries(counts))}`,
          `left: ${state.tags} tags, ${state.digests.size} manifests, ${state.blobs} blobs`,
        ].join('; '),
      );
      expect(state.faults).toEqual([]);
      // Something that lost its tag has gone meanwhile, or this has not tested collection.
      const collected = [...ledger.promises()].filter(({ digest }) => !state.digests.has(digest));
      if (KILLS >= 20) expect(collected.length).toBeGreaterThan(0);
    },
    60_000 + KILLS * SECONDS_PER_KILL * 1000,
  );
});
