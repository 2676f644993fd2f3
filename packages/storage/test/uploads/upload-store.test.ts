import { RepositoryName } from '@portolan/oci';
import { truncateSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  brokenAfter,
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

let directory: DataDirectory;
let store: ByteStore;
let other: ByteStore;

beforeEach(async () => {
  directory = makeDataDirectory();
  store = await openByteStore(directory);
  other = await openByteStore(directory);
});

afterEach(() => {
  store.close();
  other.close();
  directory.remove();
});

const begin = () => store.uploads.begin({ repository: REPOSITORY, subject: SUBJECT });
const find = (id: string) => store.uploads.find(REPOSITORY, SUBJECT, id);
const MISSING = digestOf(Buffer.from('something else'));

describe('a finished upload', () => {
  it.each([
    ['nothing', []],
    ['one chunk', ['hello']],
    ['many chunks', Array.from({ length: 40 }, (_, i) => Buffer.alloc(70_000, i))],
    ['more than is written at once', Array.from({ length: 9 }, (_, i) => Buffer.alloc(1 << 20, i))],
  ])('of %s is read back as it was', async (_, chunks) => {
    const whole = Buffer.concat(chunks.map((chunk) => Buffer.from(chunk)));
    const upload = await begin();
    const after = await store.uploads.append(upload, { bytes: bytesOf(...chunks) });
    expect(after.offset).toBe(whole.length);
    const blob = await store.uploads.commit(upload, digestOf(whole));
    expect(blob).toMatchObject({ digest: digestOf(whole), size: whole.length });
    expect((await readAll(store.blobs, blob)).equals(whole)).toBe(true);
    expect(await find(upload.id)).toBeUndefined();
    expect(directory.fileNames('uploads')).toEqual([]);
    expect(directory.fileNames('blobs')).toHaveLength(1);
  });

  it('may close without any body at all', async () => {
    const blob = await store.uploads.commit(await begin(), digestOf(Buffer.alloc(0)));
    expect(await readAll(store.blobs, blob)).toHaveLength(0);
  });

  it.each(['sha256', 'sha512'] as const)('of a session begun for %s takes both', async (hint) => {
    for (const algorithm of ['sha256', 'sha512'] as const) {
      const upload = await store.uploads.begin({
        repository: REPOSITORY,
        subject: SUBJECT,
        algorithm: hint,
      });
      await store.uploads.append(upload, { bytes: bytesOf('hello') });
      const digest = digestOf(Buffer.from('hello'), algorithm);
      expect((await store.uploads.commit(upload, digest)).digest).toBe(digest);
    }
  });

  it('of a digest that is there already uses the file that is there', async () => {
    const first = await store.push(Buffer.from('twice'));
    const second = await other.push(Buffer.from('twice'), RepositoryName.parse('other/app'));
    expect(second.file).toBe(first.file);
    expect(directory.fileNames('blobs')).toHaveLength(1);
  });

  it('repairs a blob whose file was damaged', async () => {
    const bytes = Buffer.alloc(100_000, 7);
    const damaged = await store.push(bytes);
    truncateSync(join(directory.layout.blobs, damaged.file), 10);
    await store.push(bytes);
    expect((await readAll(other.blobs, damaged)).equals(bytes)).toBe(true);
    expect(directory.fileNames('blobs')).toHaveLength(1);
  });

  it('makes the repository, in a private namespace that only administrators have', async () => {
    await store.push(Buffer.from('x'), RepositoryName.parse('fresh/app'));
    const row = await store.deps.database.read
      .selectFrom('repository')
      .innerJoin('namespace', 'namespace.id', 'repository.namespace_id')
      .select(['namespace.name', 'kind', 'team_id', 'visibility'])
      .executeTakeFirst();
    expect(row).toEqual({ name: 'fresh', kind: 'team', team_id: null, visibility: 'private' });
  });

  it('is reviewed when its lease ends', async () => {
    const { digest } = await store.push(Buffer.from('x'));
    const link = await store.deps.database.read
      .selectFrom('repository_blob')
      .select('lease_until')
      .executeTakeFirstOrThrow();
    const reviews = await store.deps.database.read.selectFrom('review').selectAll().execute();
    expect(reviews).toMatchObject([{ kind: 'link', digest, review_after: link.lease_until }]);
  });
});

describe('a session', () => {
  it('goes on in another process', async () => {
    const upload = await begin();
    await store.uploads.append(upload, { bytes: bytesOf('one ') });
    await other.uploads.append(upload, { bytes: bytesOf('two '), start: 4 });
    await store.uploads.append(upload, { bytes: bytesOf('three'), start: 8 });
    const blob = await other.uploads.commit(upload, digestOf(Buffer.from('one two three')));
    expect((await readAll(store.blobs, blob)).toString()).toBe('one two three');
  });

  it('keeps what arrived before the client broke off', async () => {
    const upload = await begin();
    const body = { bytes: brokenAfter('one ', 'two'), length: 100 };
    await expect(store.uploads.append(upload, body)).rejects.toThrow('aborted');
    expect(await find(upload.id)).toMatchObject({ offset: 7 });
    await store.uploads.append(upload, { bytes: bytesOf('!'), start: 7 });
    await store.uploads.commit(upload, digestOf(Buffer.from('one two!')));
  });

  it('refuses a chunk that starts elsewhere, reads none of it and lives on', async () => {
    const upload = await begin();
    await store.uploads.append(upload, { bytes: bytesOf('12345') });
    let isRead = false;
    const bytes = (async function* () {
      isRead = true;
      yield Buffer.from('x');
    })();
    await expect(store.uploads.append(upload, { bytes, start: 0 })).rejects.toMatchObject({
      code: 'upload-offset-mismatch',
      detail: { offset: 5 },
    });
    expect(isRead).toBe(false);
    await store.uploads.commit(upload, digestOf(Buffer.from('12345')));
  });

  it.each([
    ['shorter', 'abc', 5],
    ['longer', 'abcdefgh', 5],
  ])('refuses a body that is %s than announced and is as before', async (_, body, length) => {
    const upload = await begin();
    await store.uploads.append(upload, { bytes: bytesOf('12345') });
    await expect(
      store.uploads.append(upload, { bytes: bytesOf(body), length }),
    ).rejects.toMatchObject({ code: 'size-mismatch' });
    expect(await find(upload.id)).toMatchObject({ offset: 5 });
    await store.uploads.append(upload, { bytes: bytesOf('6') });
    await store.uploads.commit(upload, digestOf(Buffer.from('123456')));
  });

  it('is gone after a wrong digest, with its file', async () => {
    const upload = await begin();
    await store.uploads.append(upload, { bytes: bytesOf('hello') });
    await expect(store.uploads.commit(upload, MISSING)).rejects.toMatchObject({
      code: 'digest-mismatch',
    });
    expect(await find(upload.id)).toBeUndefined();
    expect([...directory.fileNames('uploads'), ...directory.fileNames('blobs')]).toEqual([]);
  });

  it('is gone after it was cancelled, with its file', async () => {
    const upload = await begin();
    await store.uploads.append(upload, { bytes: bytesOf('hello') });
    await other.uploads.cancel(upload);
    expect(directory.fileNames('uploads')).toEqual([]);
    for (const attempt of [
      () => store.uploads.append(upload, { bytes: bytesOf('x') }),
      () => store.uploads.commit(upload, MISSING),
      () => store.uploads.cancel(upload),
    ]) {
      await expect(attempt()).rejects.toMatchObject({ code: 'upload-unknown' });
    }
  });

  it('is unknown to another repository and to another subject', async () => {
    const upload = await begin();
    const elsewhere = RepositoryName.parse('other/app');
    expect(await store.uploads.find(elsewhere, SUBJECT, upload.id)).toBeUndefined();
    expect(await store.uploads.find(REPOSITORY, 'eve', upload.id)).toBeUndefined();
    const foreign = { ...upload, subject: 'eve' };
    await expect(store.uploads.cancel(foreign)).rejects.toMatchObject({ code: 'upload-unknown' });
  });

  it('is taken back to the bytes that a power cut left', async () => {
    const upload = await begin();
    await store.uploads.append(upload, { bytes: bytesOf('0123456789') });
    const [file = ''] = directory.fileNames('uploads');
    truncateSync(join(directory.layout.uploads, file), 4);
    await expect(
      other.uploads.append(upload, { bytes: bytesOf('x'), start: 10 }),
    ).rejects.toMatchObject({ detail: { offset: 4 } });
    expect(await find(upload.id)).toMatchObject({ offset: 4 });
    await store.uploads.append(upload, { bytes: bytesOf('45'), start: 4 });
    await store.uploads.commit(upload, digestOf(Buffer.from('012345')));
  });
});

/** A body that stops after its first chunk until it is let go. */
function stalledBody() {
  const gate = Promise.withResolvers<void>();
  const stall = Promise.withResolvers<void>();
  async function* bytes(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('one ');
    stall.resolve();
    await gate.promise;
    yield Buffer.from('two');
  }
  return { bytes: bytes(), isStalled: stall.promise, letGo: () => gate.resolve() };
}

describe('a second writer', () => {
  it('is refused while bytes flow, in any process', async () => {
    const upload = await begin();
    const slow = stalledBody();
    const first = store.uploads.append(upload, slow);
    await slow.isStalled;
    for (const { uploads } of [store, other]) {
      const second = { bytes: bytesOf('x') };
      await expect(uploads.append(upload, second)).rejects.toMatchObject({ code: 'upload-busy' });
      await expect(uploads.commit(upload, MISSING)).rejects.toMatchObject({ code: 'upload-busy' });
    }
    slow.letGo();
    expect((await first).offset).toBe(7);
    await store.uploads.commit(upload, digestOf(Buffer.from('one two')));
  });

  it('takes over from one that has stalled, who then writes nothing more', async () => {
    const upload = await begin();
    const slow = stalledBody();
    const first = store.uploads.append(upload, slow);
    await slow.isStalled;
    directory.clock.now += 31_000;
    await other.uploads.append(upload, { bytes: bytesOf('taken over') });
    slow.letGo();
    await expect(first).rejects.toMatchObject({ code: 'upload-busy' });
    await store.uploads.commit(upload, digestOf(Buffer.from('taken over')));
  });

  it('keeps its bytes when the stalled one then sends more than announced', async () => {
    const upload = await begin();
    const slow = stalledBody();
    const first = store.uploads.append(upload, { bytes: slow.bytes, length: 5 });
    await slow.isStalled;
    directory.clock.now += 31_000;
    await other.uploads.append(upload, { bytes: bytesOf('taken over') });
    slow.letGo();
    await expect(first).rejects.toMatchObject({ code: 'upload-busy' });
    await store.uploads.commit(upload, digestOf(Buffer.from('taken over')));
  });

  it('finds nothing to write to when the session is cancelled meanwhile', async () => {
    const upload = await begin();
    const slow = stalledBody();
    const first = store.uploads.append(upload, slow);
    await slow.isStalled;
    await other.uploads.cancel(upload);
    slow.letGo();
    await expect(first).rejects.toMatchObject({ code: 'upload-unknown' });
    expect(directory.fileNames('uploads')).toEqual([]);
  });
});
