// Errors as the file system throws them, and values that are none.
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { isMissing, isVacant } from '../../src/files/missing-file.ts';

const directory = mkdtempSync(join(tmpdir(), 'portolan-missing-'));
afterAll(() => rmSync(directory, { recursive: true }));

const file = join(directory, 'file');
const nothing = join(directory, 'nothing');
writeFileSync(file, '');
symlinkSync(nothing, join(directory, 'dangling'));

describe('an error of the file system', () => {
  it.each([
    ['a name that nothing has', () => readFile(nothing), true, true],
    ['a name in a directory that is not there', () => stat(join(nothing, 'a')), true, true],
    ['a link that leads nowhere', () => open(join(directory, 'dangling')), true, true],
    ['a directory that is not there', () => readdir(nothing), true, true],
    ['what is to be moved and is not there', () => rename(nothing, file), true, true],
    ['a name below a file', () => readFile(join(file, 'a')), true, false],
    ['a file where a directory should be', () => readdir(file), true, false],
    ['a file in the way of a directory', () => mkdir(file), false, false],
    ['a directory where a file should be', () => readFile(directory), false, false],
    ['a name that is too long', () => readFile(join(directory, 'a'.repeat(300))), false, false],
  ])('about %s', async (_what, work, missing, vacant) => {
    const error: unknown = await work().then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(Error);
    expect([isMissing(error), isVacant(error)]).toEqual([missing, vacant]);
  });
});

it.each([undefined, null, 'ENOENT', { code: 'ENOENT' }, new Error('ENOENT')])(
  '%j says nothing of a file',
  (thrown) => {
    expect([isMissing(thrown), isVacant(thrown)]).toEqual([false, false]);
  },
);
