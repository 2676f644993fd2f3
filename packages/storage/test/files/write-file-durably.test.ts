// Small files that are whole or not there.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { trySyncDirectory, writeFileDurably } from '../../src/files/write-file-durably.ts';

let directory: string;
let file: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'portolan-durable-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  file = join(directory, 'secret');
});

describe('a durable file', () => {
  it('has its bytes and its mode, and nothing lies beside it', async () => {
    await writeFileDurably(file, 'text', { mode: 0o600 });
    expect(readFileSync(file, 'utf8')).toBe('text');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(directory)).toEqual(['secret']);
  });

  it('takes the place of an older one, mode and all', async () => {
    writeFileSync(file, 'old', { mode: 0o644 });
    await writeFileDurably(file, new Uint8Array([110, 101, 119]), { mode: 0o600 });
    expect(readFileSync(file, 'utf8')).toBe('new');
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('leaves what is there when it may only be the first', async () => {
    writeFileSync(file, 'first');
    await writeFileDurably(file, 'second', { keepsExisting: true });
    expect(readFileSync(file, 'utf8')).toBe('first');
    expect(readdirSync(directory)).toEqual(['secret']);
  });

  it('is one of those that several write at once, and whole', async () => {
    const texts = Array.from({ length: 8 }, (_, index) => String(index).repeat(10_000));
    await Promise.all(
      texts.map((text, index) =>
        writeFileDurably(file, text, { temporary: `${file}.${index}`, keepsExisting: true }),
      ),
    );
    expect(texts).toContain(readFileSync(file, 'utf8'));
    expect(readdirSync(directory)).toEqual(['secret']);
  });

  it('goes over what a killed writer left, and through no link', async () => {
    const elsewhere = join(directory, 'elsewhere');
    symlinkSync(elsewhere, `${file}.new`);
    await writeFileDurably(file, 'text');
    expect(existsSync(elsewhere)).toBe(false);
    expect(readFileSync(file, 'utf8')).toBe('text');
  });

  it('leaves no half of itself when it cannot have its name', async () => {
    mkdirSync(file);
    await expect(writeFileDurably(file, 'text')).rejects.toMatchObject({ code: 'EISDIR' });
    expect(readdirSync(directory)).toEqual(['secret']);
  });

  it('has its directory synced when it has its name', async () => {
    const synced: [string, boolean][] = [];
    await writeFileDurably(file, 'text', {
      syncDirectory: async (path) => void synced.push([path, existsSync(file)]),
    });
    expect(synced).toEqual([[directory, true]]);
  });
});

describe('a directory of whatever file system', () => {
  it('is synced where that can be', async () => {
    await expect(trySyncDirectory(directory)).resolves.toBeUndefined();
    await expect(trySyncDirectory('/proc/self')).resolves.toBeUndefined();
  });

  it('is an error when it is not there', async () => {
    await expect(trySyncDirectory(file)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
