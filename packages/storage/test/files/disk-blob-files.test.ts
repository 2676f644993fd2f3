import {
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Writable, type Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BlobFiles } from '../../src/files/blob-files.ts';
import { createDiskBlobFiles } from '../../src/files/disk-blob-files.ts';
import {
  type DataDirectory,
  digestOf,
  makeDataDirectory,
  randomId,
} from '../fixtures/byte-store.ts';

const MIB = 1024 * 1024;

let directory: DataDirectory;
let files: BlobFiles;

beforeEach(() => {
  directory = makeDataDirectory();
  files = createDiskBlobFiles({ layout: directory.layout, randomId });
});

afterEach(() => directory.remove());

async function store(bytes: Uint8Array): Promise<string> {
  const name = randomId();
  const file = await files.openUpload(name);
  await file.append(bytes);
  await file.sync();
  await file.close();
  return files.adopt(name, digestOf(bytes));
}

const collect = async (stream: Readable) => Buffer.concat(await stream.toArray());

describe('an upload file', () => {
  it.each([1, 3 * MIB, 6 * MIB])('holds %i bytes in order, however they are cut', async (size) => {
    const bytes = Buffer.alloc(size, 'a pattern that tells the place');
    const name = randomId();
    const file = await files.openUpload(name);
    for (let at = 0, cut = 1; at < size; at += cut, cut = (cut * 7) % 300_007) {
      await file.append(bytes.subarray(at, Math.min(size, at + cut)));
    }
    await file.flush();
    expect(file.size).toBe(size);
    expect(readFileSync(join(directory.layout.uploads, name)).equals(bytes)).toBe(true);
    await file.close();
  });

  it('goes on where it ended, and is cut where it is told', async () => {
    const name = randomId();
    for (const part of ['one ', 'two ']) {
      const file = await files.openUpload(name);
      await file.append(Buffer.from(part));
      await file.close();
    }
    const file = await files.openUpload(name);
    await file.truncate(4);
    await file.append(Buffer.from('three'));
    const parts = await Array.fromAsync(file.read(9), (part) => Buffer.from(part));
    expect(Buffer.concat(parts).toString()).toBe('one three');
    await file.close();
  });

  it.each([10, 5 * MIB])('says that the disk is full after %i bytes', async (size) => {
    // Real writes, for which the kernel has no space.
    symlinkSync('/dev/full', join(directory.layout.uploads, 'full'));
    const file = await files.openUpload('full');
    const written = file.append(Buffer.alloc(size)).then(() => file.flush());
    await expect(written).rejects.toMatchObject({ code: 'disk-full' });
    await file.close();
  });
});

describe('adopting', () => {
  it('gives every upload a file of its own, below its digest', async () => {
    const bytes = Buffer.from('same');
    const [first, second] = [await store(bytes), await store(bytes)];
    expect(first).not.toBe(second);
    const hex = digestOf(bytes).slice(7);
    expect(first).toMatch(new RegExp(`^sha256/${hex.slice(0, 2)}/${hex}\\.[0-9a-f]{32}$`));
    expect(directory.fileNames('uploads')).toEqual([]);
    expect(statSync(join(directory.layout.blobs, first)).mode & 0o777).toBe(0o600);
  });

  it('makes a file that lay long as an upload a new one to the sweep', async () => {
    const file = await files.openUpload('old');
    await file.close();
    utimesSync(join(directory.layout.uploads, 'old'), 1, 1);
    const name = await files.adopt('old', digestOf(Buffer.alloc(0)));
    expect(statSync(join(directory.layout.blobs, name)).mtimeMs).toBeGreaterThan(1_000_000);
  });

  it('writes nothing more after a failed sync', async () => {
    // A device cannot be synced.
    symlinkSync('/dev/null', join(directory.layout.uploads, 'null'));
    const stored = await store(Buffer.from('before'));
    const file = await files.openUpload('null');
    await expect(file.sync()).rejects.toThrow();
    await file.close();
    await expect(files.openUpload('next')).rejects.toMatchObject({ code: 'store-read-only' });
    await expect(files.adopt('null', digestOf(Buffer.alloc(0)))).rejects.toMatchObject({
      code: 'store-read-only',
    });
    expect(() => files.freeBytes()).toThrow('failed to sync');
    expect(files.readWhole(stored, 6).toString()).toBe('before');
  });
});

describe('reading', () => {
  const bytes = Buffer.alloc(3 * MIB + 5, 'another pattern, also with a place');

  it.each([
    [0, bytes.length - 1],
    [0, 0],
    [MIB - 1, MIB + 1],
    [bytes.length - 3, bytes.length - 1],
  ])('streams bytes %i to %i', async (start, end) => {
    const stream = await files.openStream(await store(bytes), bytes.length, { start, end });
    expect((await collect(stream)).equals(bytes.subarray(start, end + 1))).toBe(true);
  });

  it('says before any byte that a file is missing or has another size', async () => {
    const file = await store(bytes);
    const range = { start: 0, end: 9 };
    truncateSync(join(directory.layout.blobs, file), MIB);
    for (const name of [file, 'sha256/00/none.x']) {
      const error = { code: 'blob-file-missing' };
      await expect(files.openStream(name, bytes.length, range)).rejects.toMatchObject(error);
      expect(() => files.readWhole(name, 100)).toThrow(expect.objectContaining(error));
    }
  });

  it('breaks off when a file ends early, and never looks complete', async () => {
    const file = await store(bytes);
    const range = { start: 0, end: bytes.length - 1 };
    const stream = await files.openStream(file, bytes.length, range);
    truncateSync(join(directory.layout.blobs, file), MIB);
    const sink = new Writable({ write: (_chunk, _encoding, done) => setTimeout(done, 5) });
    await expect(pipeline(stream, sink)).rejects.toThrow('ended early');
  });

  it.each([1, 4, 40])(
    'pipes %i streams at once, each chunk intact until it is written',
    async (count) => {
      const file = await store(bytes);
      const range = { start: 1, end: bytes.length - 1 };
      const received = Array.from({ length: count }, async () => {
        const stream = await files.openStream(file, bytes.length, range);
        const chunks: Buffer[] = [];
        const write = (chunk: Buffer, _encoding: string, done: () => void): void => {
          // Looked at as late as the socket may: only then may the memory be used for another read.
          setTimeout(() => {
            chunks.push(Buffer.from(chunk));
            done();
          }, Math.random() * 4);
        };
        await pipeline(stream, new Writable({ write }));
        return Buffer.concat(chunks);
      });
      for (const body of await Promise.all(received))
        expect(body.equals(bytes.subarray(1))).toBe(true);
    },
  );

  it('closes its file when the destination goes away in the middle', async () => {
    const file = await store(bytes);
    const stream = await files.openStream(file, bytes.length, { start: 0, end: bytes.length - 1 });
    const sink = new Writable({ write: (_chunk, _encoding, done) => done(new Error('hung up')) });
    await expect(pipeline(stream, sink)).rejects.toThrow('hung up');
    expect(stream.destroyed).toBe(true);
  });

  it('goes on after the file was removed', async () => {
    const file = await store(bytes);
    const range = { start: 0, end: bytes.length - 1 };
    const stream = await files.openStream(file, bytes.length, range);
    await files.remove('blobs', file);
    expect(files.sizeOf(file)).toBeUndefined();
    expect((await collect(stream)).equals(bytes)).toBe(true);
  });
});

it('walks every file of both areas with its size and time', async () => {
  const blob = await store(Buffer.from('blob'));
  writeFileSync(join(directory.layout.uploads, 'upload'), 'up');
  utimesSync(join(directory.layout.uploads, 'upload'), 5, 5);
  mkdirSync(join(directory.layout.blobs, 'sha512/00'), { recursive: true });
  const found = await Array.fromAsync(files.walk());
  expect(found).toMatchObject([
    { area: 'blobs', file: blob, size: 4 },
    { area: 'uploads', file: 'upload', size: 2, modifiedAt: 5000 },
  ]);
});

it('removes a file that is gone already', async () => {
  await files.remove('uploads', 'never-was');
});
