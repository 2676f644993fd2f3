import { Digest, RepositoryName } from '@portolan/oci';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStorage, type Storage, type StorageOptions } from '../src/index.ts';
import { digestOf, randomId, readAll } from './fixtures/byte-store.ts';
import { DAY_MS } from './fixtures/durations.ts';

const PROGRAM = fileURLToPath(new URL('./fixtures/storage-process.ts', import.meta.url));

let parent: string;
let directory: string;
const open: Storage[] = [];

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'portolan-open-'));
  directory = join(parent, 'deep/data');
});

afterEach(async () => {
  for (const storage of open.splice(0)) await storage.close();
  rmSync(parent, { recursive: true });
});

async function openIt(options: Partial<StorageOptions> = {}): Promise<Storage> {
  const storage = await openStorage({
    directory,
    clock: Date.now,
    randomId,
    times: { leaseMs: DAY_MS, uploadIdleMs: DAY_MS, orphanFileMs: DAY_MS },
    diskFloorBytes: 0,
    ...options,
  });
  open.push(storage);
  return storage;
}

function start(count: number) {
  const child = spawn(process.execPath, [PROGRAM, directory, `${count}`], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const output = Promise.all([text(child.stdout), text(child.stderr)]);
  return { child, ended, output };
}

/** Every acknowledged push is there, and is what its digest says. */
async function checkAcknowledged(storage: Storage, lines: string): Promise<number> {
  const pushes = lines.split('\n').filter((line) => line.length > 80);
  for (const push of pushes) {
    const [repository = '', digest = ''] = push.split(' ');
    const blob = await storage.blobs.find(RepositoryName.parse(repository), Digest.parse(digest));
    if (blob === undefined) throw new Error(`lost: ${push}`);
    expect(digestOf(await readAll(storage.blobs, blob))).toBe(digest);
  }
  return pushes.length;
}

it('makes a directory and a database that nobody else can read', async () => {
  await (await openIt()).checkWritable();
  for (const path of ['', 'blobs', 'uploads', 'keys', 'backups']) {
    expect(statSync(join(directory, path)).mode & 0o777).toBe(0o700);
  }
  for (const path of ['portolan.db', 'portolan.db-wal', 'machine.lock']) {
    expect(statSync(join(directory, path)).mode & 0o777).toBe(0o600);
  }
});

describe('whether it can be written', () => {
  it('is denied when less than the floor is free', async () => {
    const storage = await openIt({ diskFloorBytes: Number.MAX_SAFE_INTEGER });
    await expect(storage.checkWritable()).rejects.toMatchObject({ code: 'disk-full' });
    const begun = storage.uploads.begin({ repository: RepositoryName.parse('a/b'), subject: '' });
    await expect(begun).rejects.toMatchObject({ code: 'disk-full' });
  });

  it('is denied when another machine has taken the directory over', async () => {
    const storage = await openIt();
    const theirs = { id: 'x', boot: 'y', hostname: 'elsewhere', seenAt: Date.now() };
    writeFileSync(join(directory, 'machine.lock'), JSON.stringify(theirs));
    await expect(storage.checkWritable()).rejects.toMatchObject({ code: 'still-in-use' });
    await expect(openIt()).rejects.toMatchObject({ code: 'still-in-use' });
  });
});

it('finishes what was asked for before it closes', async () => {
  const storage = await openIt();
  const lease = storage.leases.acquire('job', 'me', 1000);
  open.pop();
  await storage.close();
  expect(await lease).toBe(true);
});

describe('several processes on one directory', () => {
  it('open it new at once, and each sees what all have pushed', async () => {
    const processes = Array.from({ length: 4 }, () => start(5));
    const ended = await Promise.all(processes.map((each) => each.ended));
    const outputs = await Promise.all(processes.map((each) => each.output));
    expect(outputs.map(([, stderr]) => stderr).join('')).toBe('');
    expect(ended).toEqual([0, 0, 0, 0]);
    const lines = outputs.map(([stdout]) => stdout).join('');
    expect(await checkAcknowledged(await openIt(), lines)).toBe(60);
  });

  it('lose nothing that was acknowledged when one is killed', async () => {
    const storage = await openIt();
    let checked = 0;
    for (let round = 0; round < 3; round++) {
      const victim = start(100_000);
      await new Promise((resolve) => victim.child.stdout.once('data', resolve));
      await new Promise((resolve) => setTimeout(resolve, 40 * round));
      victim.child.kill('SIGKILL');
      await victim.ended;
      const [stdout] = await victim.output;
      checked += await checkAcknowledged(storage, stdout.slice(0, stdout.lastIndexOf('\n')));
    }
    expect(checked).toBeGreaterThan(5);
  });
});
