import { createAuthority, DAY_MS, issueIntoDirectory } from '@portolan/tls';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, it, onTestFinished } from 'vitest';
import { certificateJob } from '../../../src/serve/jobs/certificate-job.ts';

const HOUR_MS = 3_600_000;

function setUp() {
  const root = mkdtempSync(join(tmpdir(), 'portolan-certificate-job-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  const directories = { authority: join(root, 'ca'), certificates: join(root, 'tls') };
  const lines: string[] = [];
  let now = Date.now();
  const clock = () => now;
  const job = certificateJob({
    settings: { directories, acme: undefined, impersonates: false },
    clock,
    logger: pino({ level: 'info' }, { write: (line: string) => void lines.push(line) }),
  });
  return {
    job,
    pass: (ms: number) => {
      now += ms;
    },
    init: (domain: string, isForced = false) =>
      createAuthority(
        { directory: directories.authority, clock },
        { domains: [domain], networks: [], isForced },
      ),
    issue: (name: string) =>
      issueIntoDirectory({ directories, clock }, { names: [name], days: 90 }),
    isDue: async () => job.isDue?.(),
    run: async () => {
      lines.length = 0;
      await job.run(new AbortController().signal);
      return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    },
  };
}

it('has nothing to do where there are no certificates', async () => {
  expect(await setUp().isDue()).toBe(false);
});

it('renews what is due, and says so', async () => {
  const { init, issue, isDue, pass, run } = setUp();
  await init('registry.lan');
  await issue('registry.lan');
  expect(await isDue()).toBe(false);
  pass(61 * DAY_MS);
  expect(await isDue()).toBe(true);
  expect(await run()).toMatchObject([{ level: 30, file: 'registry.lan.pem' }]);
  expect(await isDue()).toBe(false);
});

it('tries again after an hour when it could not', async () => {
  const { init, issue, isDue, pass, run } = setUp();
  await init('registry.lan');
  await issue('registry.lan');
  await init('other.lan', true);
  pass(61 * DAY_MS);
  expect(await run()).toMatchObject([{ level: 50, file: 'registry.lan.pem' }]);
  expect(await isDue()).toBe(false);
  pass(HOUR_MS);
  expect(await isDue()).toBe(true);
});
