import { openStorage } from '@portolan/storage';
import pino from 'pino';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { randomId } from '../../../src/random-id.ts';
import { type Job, startJobs } from '../../../src/serve/jobs/jobs.ts';
import { scratchDirectory, waitUntil } from '../start-server.ts';

function open(directory: string) {
  const times = { leaseMs: 1000, uploadIdleMs: 1000, orphanFileMs: 1000 };
  return openStorage({ directory, clock: Date.now, randomId, times, diskFloorBytes: 0 });
}

it('runs a job in one of two processes at a time, and goes on after a failure', async () => {
  const directory = scratchDirectory();
  const storages = [await open(directory), await open(directory)];
  const lines: string[] = [];
  const logger = pino({ level: 'error' }, { write: (line: string) => void lines.push(line) });
  let [running, most, runs] = [0, 0, 0];
  const job: Job = {
    name: 'count',
    everyMs: 10,
    async run() {
      running++;
      most = Math.max(most, running);
      runs++;
      await delay(25);
      running--;
      if (runs === 1) throw new Error('first');
      return undefined;
    },
  };
  const both = storages.map(({ leases }) => startJobs([job], { leases, logger, randomId }));
  await waitUntil(() => runs > 5);
  await Promise.all(both.map((jobs) => jobs.stop()));
  const after = runs;
  await delay(50);
  await Promise.all(storages.map((storage) => storage.close()));
  expect(runs).toBe(after);
  expect(most).toBe(1);
  expect(lines).toHaveLength(1);
});
