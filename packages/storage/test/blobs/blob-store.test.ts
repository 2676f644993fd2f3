import { RepositoryName } from '@portolan/oci';
import { renameSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StoredBlob } from '../../src/blobs/stored-blob.ts';
import { createNamespaceStore } from '../../src/namespaces/namespace-store.ts';
import {
  type ByteStore,
  type DataDirectory,
  digestOf,
  LEASE_MS,
  makeDataDirectory,
  openByteStore,
  readAll,
  REPOSITORY,
} from '../fixtures/byte-store.ts';
import { HOUR_MS } from '../fixtures/durations.ts';

const ELSEWHERE = RepositoryName.parse('other/app');
const BYTES = Buffer.from('hello');

let directory: DataDirectory;
let store: ByteStore;
let other: ByteStore;
let blob: StoredBlob;

beforeEach(async () => {
  directory = makeDataDirectory();
  store = await openByteStore(directory);
  other = await openByteStore(directory);
  blob = await store.push(BYTES);
});

afterEach(() => {
  store.close();
  other.close();
  directory.remove();
});

async function leaseUntil(): Promise<number> {
  const { read } = store.deps.database;
  const link = await read.selectFrom('repository_blob').select('lease_until').executeTakeFirst();
  return link?.lease_until ?? 0;
}

describe('finding', () => {
  it('sees a blob through its link and in no other repository', async () => {
    expect(await store.blobs.find(REPOSITORY, blob.digest)).toEqual(blob);
    expect(await store.blobs.find(ELSEWHERE, blob.digest)).toBeUndefined();
    expect(await store.blobs.findForPush(ELSEWHERE, blob.digest)).toBeUndefined();
  });

  it('sees at once what another process has added or deleted', async () => {
    const digest = digestOf(Buffer.from('late'));
    expect(await other.blobs.find(REPOSITORY, digest)).toBeUndefined();
    await store.push(Buffer.from('late'));
    expect(await other.blobs.find(REPOSITORY, digest)).toBeDefined();
    expect(await store.blobs.delete(REPOSITORY, digest, 'ann')).toBe(true);
    expect(await other.blobs.find(REPOSITORY, digest)).toBeUndefined();
    expect(await store.blobs.find(REPOSITORY, digest)).toBeUndefined();
  });
});

describe('finding for a push', () => {
  it('renews a lease only in its last hour', async () => {
    const first = await leaseUntil();
    directory.clock.now += LEASE_MS - HOUR_MS - 1;
    await store.blobs.findForPush(REPOSITORY, blob.digest);
    expect(await leaseUntil()).toBe(first);
    directory.clock.now += 1;
    expect(await store.blobs.findForPush(REPOSITORY, blob.digest)).toEqual(blob);
    expect(await leaseUntil()).toBe(directory.clock.now + LEASE_MS);
    const reviews = await store.deps.database.read.selectFrom('review').selectAll().execute();
    expect(reviews).toMatchObject([{ kind: 'link', review_after: await leaseUntil() }]);
  });

  it('sees that the link has gone although it remembers it', async () => {
    directory.clock.now += LEASE_MS;
    await store.blobs.findForPush(REPOSITORY, blob.digest);
    directory.clock.now += LEASE_MS;
    // As a collection that has not yet told anybody.
    await other.deps.database.write((tx) => tx.deleteFrom('repository_blob').execute());
    expect(await store.blobs.findForPush(REPOSITORY, blob.digest)).toBeUndefined();
  });
});

describe('reading', () => {
  it.each([
    [0, 4, 'hello'],
    [1, 3, 'ell'],
    [4, 4, 'o'],
  ])('a small blob from %i to %i', async (start, end, text) => {
    const body = await store.blobs.read(blob, { start, end });
    expect(Buffer.isBuffer(body) && body.toString()).toBe(text);
  });

  it('a large blob as a stream', async () => {
    const bytes = Buffer.alloc(70_000, 1);
    const large = await store.push(bytes);
    expect(Buffer.isBuffer(await readAll(store.blobs, large))).toBe(true);
    const part = await store.blobs.read(large, { start: 69_999, end: 69_999 });
    expect(Buffer.isBuffer(part) ? 0 : (await part.toArray()).length).toBe(1);
  });

  it('follows a blob that was collected and uploaded again since it was found', async () => {
    const file = `${blob.file.slice(0, -1)}x`;
    renameSync(join(directory.layout.blobs, blob.file), join(directory.layout.blobs, file));
    await expect(store.blobs.read(blob)).rejects.toMatchObject({ code: 'blob-file-missing' });
    await other.deps.database.write((tx) => tx.updateTable('blob').set({ file }).execute());
    expect((await readAll(store.blobs, blob)).toString()).toBe('hello');
  });
});

describe('mounting', () => {
  it('links a blob of a source, in a repository that is new', async () => {
    const sources = [RepositoryName.parse('no/such'), REPOSITORY];
    expect(await store.blobs.mount({ to: ELSEWHERE, digest: blob.digest, sources })).toEqual(blob);
    expect(await other.blobs.find(ELSEWHERE, blob.digest)).toEqual(blob);
  });

  it.each<[string, RepositoryName[]]>([
    ['there is no source', []],
    ['the source does not exist', [RepositoryName.parse('no/such')]],
    ['the blob is only in repositories that are not sources', [RepositoryName.parse('third/app')]],
  ])('does nothing when %s', async (_, sources) => {
    await store.push(Buffer.from('theirs'), RepositoryName.parse('third/app'));
    const { digest } = blob;
    expect(await store.blobs.mount({ to: ELSEWHERE, digest, sources })).toBeUndefined();
    const names = await store.deps.database.read.selectFrom('repository').select('name').execute();
    expect(names).not.toContainEqual({ name: ELSEWHERE });
  });
});

describe('linking from anywhere', () => {
  beforeEach(() =>
    createNamespaceStore(store.deps).ensureMirror(RepositoryName.namespace(ELSEWHERE), 'ann'),
  );

  it('links what any repository has, in a repository that is new', async () => {
    expect(await store.blobs.linkFromAnywhere(ELSEWHERE, blob.digest)).toEqual(blob);
    expect(await other.blobs.find(ELSEWHERE, blob.digest)).toEqual(blob);
  });

  it('links what no repository has any more, while it is there', async () => {
    await store.blobs.delete(REPOSITORY, blob.digest, 'ann');
    expect(await store.blobs.linkFromAnywhere(ELSEWHERE, blob.digest)).toEqual(blob);
  });

  it('does nothing when there is no such blob, or its file is gone or cut', async () => {
    const absent = digestOf(Buffer.from('absent'));
    expect(await store.blobs.linkFromAnywhere(ELSEWHERE, absent)).toBeUndefined();
    truncateSync(join(directory.layout.blobs, blob.file), 2);
    expect(await store.blobs.linkFromAnywhere(ELSEWHERE, blob.digest)).toBeUndefined();
    const names = await store.deps.database.read.selectFrom('repository').select('name').execute();
    expect(names).toEqual([{ name: REPOSITORY }]);
  });
});

describe('deleting', () => {
  it('takes the blob out of this repository only, for review and for the record', async () => {
    const { digest } = blob;
    await store.blobs.mount({ to: ELSEWHERE, digest, sources: [REPOSITORY] });
    expect(await store.blobs.delete(REPOSITORY, digest, 'ann')).toBe(true);
    expect(await store.blobs.delete(REPOSITORY, digest, 'ann')).toBe(false);
    expect(await store.blobs.find(ELSEWHERE, digest)).toEqual(blob);
    const { read } = store.deps.database;
    const reviews = await read.selectFrom('review').select(['kind', 'digest']).execute();
    expect(reviews).toContainEqual({ kind: 'blob', digest });
    const audit = await read.selectFrom('audit').select(['actor', 'action', 'target']).execute();
    expect(audit).toEqual([
      { actor: 'ann', action: 'blob.delete', target: `${REPOSITORY}@${digest}` },
    ]);
  });
});
