// A disk that is full or fails, in place of the real one: what is refused, and what is left behind.
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { storageError } from '../../src/errors.ts';
import type { BlobFiles, UploadFile } from '../../src/files/blob-files.ts';
import { createUploadStore } from '../../src/uploads/upload-store.ts';
import {
  type ByteStore,
  bytesOf,
  type DataDirectory,
  digestOf,
  makeDataDirectory,
  openByteStore,
  readAll,
  REPOSITORY,
  SUBJECT,
} from '../fixtures/byte-store.ts';

const BYTES = Buffer.from('hello');
const MIB = 1024 * 1024;
const full = () => Promise.reject(storageError('disk-full', 'the disk is full'));
const broken = () => Promise.reject(new Error('EIO'));

type Fault = (files: BlobFiles) => Partial<BlobFiles>;

function inUploadFile(change: (file: UploadFile) => Partial<UploadFile>): Fault {
  return (files) => ({
    async openUpload(upload) {
      const file = await files.openUpload(upload);
      return new Proxy(file, {
        get: (target, key) => Reflect.get({ ...change(target) }, key) ?? Reflect.get(target, key),
      });
    },
  });
}

let directory: DataDirectory;
let store: ByteStore | undefined;

beforeEach(() => {
  directory = makeDataDirectory();
});

afterEach(() => {
  store?.close();
  directory.remove();
});

async function openWith(fault: Fault): Promise<ByteStore> {
  store = await openByteStore(directory, { wrapFiles: (files) => ({ ...files, ...fault(files) }) });
  return store;
}

it.each<[string, Fault, object]>([
  ['writing', inUploadFile(() => ({ append: full })), { code: 'disk-full' }],
  ['flushing', inUploadFile(() => ({ flush: full })), { code: 'disk-full' }],
  ['syncing', inUploadFile(() => ({ sync: broken })), { message: 'EIO' }],
  ['moving', () => ({ adopt: full }), { code: 'disk-full' }],
])('leaves neither session nor file nor blob behind when %s fails', async (_, fault, error) => {
  const faulty = await openWith(fault);
  const { deps } = faulty;
  await expect(faulty.push(BYTES)).rejects.toMatchObject(error);
  expect(await deps.database.read.selectFrom('upload').selectAll().execute()).toEqual([]);
  expect(await deps.database.read.selectFrom('blob').selectAll().execute()).toEqual([]);
  expect([...directory.fileNames('uploads'), ...directory.fileNames('blobs')]).toEqual([]);
});

it('keeps a session whose file cannot be opened just now', async () => {
  let isFailing = false;
  const { uploads } = await openWith((files) => ({
    openUpload: (upload) => (isFailing ? broken() : files.openUpload(upload)),
  }));
  const upload = await uploads.begin({ repository: REPOSITORY, subject: SUBJECT });
  await uploads.append(upload, { bytes: bytesOf('hel') });
  isFailing = true;
  await expect(uploads.append(upload, { bytes: bytesOf('x') })).rejects.toThrow('EIO');
  isFailing = false;
  await uploads.append(upload, { bytes: bytesOf('lo'), start: 3 });
  await uploads.commit(upload, digestOf(BYTES));
});

it('removes the stored file when its rows cannot be written, and pulls go on', async () => {
  const healthy = await openWith(() => ({}));
  const { deps, blobs, files } = healthy;
  const before = await healthy.push(Buffer.from('before'));
  const database: Database = {
    ...deps.database,
    write: (work, durability) =>
      durability === 'soft' ? deps.database.write(work, durability) : full(),
  };
  const uploads = createUploadStore({ ...deps, database, files, diskFloorBytes: 0 });
  const upload = await uploads.begin({ repository: REPOSITORY, subject: SUBJECT });
  await uploads.append(upload, { bytes: bytesOf(BYTES) });
  await expect(uploads.commit(upload, digestOf(BYTES))).rejects.toMatchObject({
    code: 'disk-full',
  });
  expect(directory.fileNames('uploads')).toEqual([]);
  expect(directory.fileNames('blobs')).toHaveLength(1);
  expect((await readAll(blobs, before)).toString()).toBe('before');
});

it('refuses an announced body that would leave less than the floor, and frees what was there', async () => {
  store = await openByteStore(directory, {
    wrapFiles: (files) => ({ ...files, freeBytes: () => 1000 }),
    diskFloorBytes: 900,
  });
  const { uploads } = store;
  const upload = await uploads.begin({ repository: REPOSITORY, subject: SUBJECT });
  await uploads.append(upload, { bytes: bytesOf(BYTES), length: BYTES.length });
  const large = { bytes: bytesOf(Buffer.alloc(200)), length: 200 };
  await expect(uploads.append(upload, large)).rejects.toMatchObject({ code: 'disk-full' });
  expect(await uploads.find(REPOSITORY, SUBJECT, upload.id)).toBeUndefined();
  expect(directory.fileNames('uploads')).toEqual([]);
});

it('ends a stream that would leave less than the floor, and frees what was there', async () => {
  let free = 100 * MIB;
  store = await openByteStore(directory, {
    wrapFiles: (files) => ({ ...files, freeBytes: () => free }),
    diskFloorBytes: 50 * MIB,
  });
  const { uploads, deps } = store;
  let sent = 0;
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (; sent < 100 * MIB; sent += MIB, free -= MIB) yield Buffer.alloc(MIB);
  }
  const upload = await uploads.begin({ repository: REPOSITORY, subject: SUBJECT });
  await expect(uploads.append(upload, { bytes: endless() })).rejects.toMatchObject({
    code: 'disk-full',
  });
  expect(sent).toBeLessThan(70 * MIB);
  expect(await deps.database.read.selectFrom('upload').selectAll().execute()).toEqual([]);
  expect(directory.fileNames('uploads')).toEqual([]);
});

it('refuses a stream on a disk that is below the floor, and takes the end of an upload', async () => {
  let free = 1000;
  store = await openByteStore(directory, {
    wrapFiles: (files) => ({ ...files, freeBytes: () => free }),
    diskFloorBytes: 900,
  });
  const { uploads } = store;
  const streamed = await uploads.begin({ repository: REPOSITORY, subject: SUBJECT });
  const whole = await uploads.begin({ repository: REPOSITORY, subject: SUBJECT });
  await uploads.append(whole, { bytes: bytesOf(BYTES) });
  free = 800;
  await expect(uploads.append(streamed, { bytes: bytesOf('x') })).rejects.toMatchObject({
    code: 'disk-full',
  });
  await uploads.append(whole, { bytes: bytesOf(), length: 0 });
  await uploads.commit(whole, digestOf(BYTES));
});
