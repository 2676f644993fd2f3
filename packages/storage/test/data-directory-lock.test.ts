import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type DataDirectoryLock,
  lockDataDirectory,
  type Machine,
  thisMachine,
} from '../src/data-directory-lock.ts';
import { randomId } from './fixtures/byte-store.ts';

const OURS: Machine = { id: 'machine-1', boot: 'boot-1', hostname: 'one' };
const OURS_REBOOTED: Machine = { ...OURS, boot: 'boot-2' };
const CONTAINER: Machine = { id: 'machine-9', boot: 'boot-1', hostname: 'container' };
const THEIRS: Machine = { id: 'machine-2', boot: 'boot-3', hostname: 'two' };

let directory: string;
let now: number;
const open: DataDirectoryLock[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'portolan-lock-'));
  now = 1_700_000_000_000;
});

afterEach(() => {
  for (const lock of open.splice(0)) lock.close();
  rmSync(directory, { recursive: true });
});

const file = () => join(directory, 'machine.lock');

function lockAs(machine: Machine): DataDirectoryLock {
  const lock = lockDataDirectory({ file: file(), machine, clock: () => now, randomId });
  open.push(lock);
  return lock;
}

it.each<[string, Machine]>([
  ['the same boot of the same machine', OURS],
  ['a container on the same machine', CONTAINER],
  ['a later boot of the same machine', OURS_REBOOTED],
])('lets %s in', (_, machine) => {
  lockAs(OURS);
  lockAs(machine).check();
});

it('keeps a second machine out, and says who has it and what to do', () => {
  lockAs(OURS);
  now += 60_000;
  expect(() => lockAs(THEIRS)).toThrow(
    expect.objectContaining({
      code: 'still-in-use',
      message: expect.stringContaining('one'),
      detail: expect.objectContaining({ hint: expect.stringContaining(file()) }),
    }),
  );
});

describe('another machine', () => {
  it('gets in when the first has not been seen for two minutes, and shuts it out', () => {
    const ours = lockAs(OURS);
    now += 120_000;
    lockAs(THEIRS).check();
    expect(() => ours.check()).toThrow('two');
  });

  it('gets in when the lock was removed by hand', () => {
    lockAs(OURS);
    rmSync(file());
    lockAs(THEIRS).check();
  });
});

it('does not write again while the lock is fresh', () => {
  lockAs(OURS);
  const before = readFileSync(file(), 'utf8');
  now += 1000;
  lockAs(OURS);
  expect(readFileSync(file(), 'utf8')).toBe(before);
});

it.each(['', 'null', '[]', '{"seenAt":"x"}', '\0\0'])(
  'takes over a lock file with %j in it',
  (text) => {
    writeFileSync(file(), text);
    lockAs(OURS).check();
  },
);

it('knows the machine that it runs on', () => {
  expect(thisMachine()).toEqual(thisMachine());
  expect(thisMachine().boot).not.toBe('');
});
