import { RepositoryName, Tag } from '@portolan/oci';
import type { Storage } from '@portolan/storage';
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ACTOR, localRepository, openLocalStorage, REPOSITORY } from './local-storage.ts';
import { describeSink, describeSource } from './place-contract.ts';
import {
  collect,
  describeBytes,
  digestOf,
  inParts,
  sampleImage,
  type SampleContent,
} from './sample-content.ts';

const signal = new AbortController().signal;
const ELSEWHERE = RepositoryName.parse('quay.io/other/app');
const MIB = 1024 * 1024;

async function fill(storage: Storage, { blobs, manifests }: SampleContent): Promise<void> {
  const sink = localRepository(storage);
  for (const bytes of blobs) {
    await sink.putBlob(describeBytes(bytes), async () => inParts(bytes), signal);
  }
  for (const manifest of manifests) await sink.putManifest(manifest, manifest.tags, signal);
}

describeSource('our own store', async (content) => {
  const storage = await openLocalStorage();
  await fill(storage, content);
  return localRepository(storage);
});

describeSink('our own store', async () => {
  const repository = localRepository(await openLocalStorage());
  return { sink: repository, read: async () => repository };
});

describe('blobs that are here already', () => {
  it('are linked from any repository, without a byte', async () => {
    const storage = await openLocalStorage();
    const bytes = Buffer.from('layer');
    const blob = describeBytes(bytes);
    await storage.namespaces.ensureMirror(RepositoryName.namespace(ELSEWHERE), ACTOR);
    await localRepository(storage, ELSEWHERE).putBlob(blob, async () => inParts(bytes), signal);
    const sink = localRepository(storage);
    expect(await sink.hasBlob(blob, signal)).toBe(true);
    expect((await collect(await sink.blob(blob, 0, signal))).toString()).toBe('layer');
  });

  it('do not count for a manifest that gives them another size', async () => {
    const storage = await openLocalStorage();
    const bytes = Buffer.from('layer');
    const blob = describeBytes(bytes);
    const sink = localRepository(storage);
    await sink.putBlob(blob, async () => inParts(bytes), signal);
    const lie = { ...blob, size: 3 };
    expect(await sink.hasBlob(lie, signal)).toBe(false);
    const put = sink.putBlob(lie, async () => inParts(bytes), signal);
    await expect(put).rejects.toMatchObject({ code: 'upstream-corrupt' });
  });
});

describe('a blob of several slices', () => {
  const bytes = randomBytes(9 * MIB);
  const blob = describeBytes(bytes);
  const stopAt = 6 * MIB;

  async function* broken(start: number): AsyncGenerator<Uint8Array> {
    yield* inParts(bytes.subarray(start, stopAt), 300_000);
    throw new Error('connection lost');
  }

  it('goes on in another process at the byte where it was cut', async () => {
    const storage = await openLocalStorage();
    const first = localRepository(storage);
    const cut = first.putBlob(blob, async (start) => broken(start), signal);
    await expect(cut).rejects.toThrow('connection lost');
    const starts: number[] = [];
    const open = async (start: number) => {
      starts.push(start);
      return inParts(bytes.subarray(start), 100_000);
    };
    await localRepository(storage).putBlob(blob, open, signal);
    expect(starts).toEqual([stopAt]);
    expect(await storage.mirrorDownloads.find(REPOSITORY, blob.digest)).toBeUndefined();
  });

  it('keeps what came in before it was called off', async () => {
    const storage = await openLocalStorage();
    const control = new AbortController();
    const sink = localRepository(storage);
    let given = 0;
    async function* counted(): AsyncGenerator<Uint8Array> {
      for await (const part of inParts(bytes, MIB)) {
        given += part.length;
        if (given === 5 * MIB) control.abort();
        yield part;
      }
    }
    await expect(sink.putBlob(blob, async () => counted(), control.signal)).rejects.toThrow();
    const starts: number[] = [];
    const open = async (start: number) => {
      starts.push(start);
      return inParts(bytes.subarray(start));
    };
    await sink.putBlob(blob, open, signal);
    expect(starts).toEqual([5 * MIB]);
  });

  it('goes on after a process that was killed, and costs no more than a slice again', async () => {
    const storage = await openLocalStorage();
    const stopped = Promise.withResolvers<void>();
    async function* stuck(): AsyncGenerator<Uint8Array> {
      yield* inParts(bytes.subarray(0, 7 * MIB), MIB);
      await stopped.promise;
    }
    const killed = localRepository(storage).putBlob(blob, async () => stuck(), signal);
    const offset = async (): Promise<number | undefined> => {
      const id = await storage.mirrorDownloads.find(REPOSITORY, blob.digest);
      return id === undefined
        ? undefined
        : (await storage.uploads.find(REPOSITORY, 'mirror', id))?.offset;
    };
    await expect.poll(offset).toBe(6 * MIB);
    const starts: number[] = [];
    const open = async (start: number) => {
      starts.push(start);
      return inParts(bytes.subarray(start));
    };
    await localRepository(storage).putBlob(blob, open, signal);
    expect(starts).toEqual([6 * MIB]);
    // It was not dead after all: its session has gone, so it begins one of its own.
    stopped.resolve();
    await expect(killed).rejects.toMatchObject({ code: 'upstream-unavailable' });
  });

  it('comes in twice at once, and is there', async () => {
    const storage = await openLocalStorage();
    const cut = localRepository(storage).putBlob(blob, async (start) => broken(start), signal);
    await expect(cut).rejects.toThrow();
    const put = () =>
      localRepository(storage).putBlob(
        blob,
        async (start) => inParts(bytes.subarray(start), 70_000),
        signal,
      );
    await Promise.all([put(), put()]);
    const stored = await collect(await localRepository(storage).blob(blob, 0, signal));
    expect(stored.equals(bytes)).toBe(true);
  });

  it('is given up when the source has no more than was kept', async () => {
    const storage = await openLocalStorage();
    const sink = localRepository(storage);
    const short = bytes.subarray(0, stopAt);
    const put = () => sink.putBlob(blob, async (start) => inParts(short.subarray(start)), signal);
    await expect(put()).rejects.toMatchObject({ code: 'upstream-unavailable' });
    await expect(put()).rejects.toMatchObject({ code: 'upstream-corrupt' });
    expect(await storage.mirrorDownloads.find(REPOSITORY, blob.digest)).toBeUndefined();
  });
});

describe('a namespace that is a mirror no more', () => {
  const namespace = RepositoryName.namespace(REPOSITORY);
  const ends: [string, (storage: Storage) => Promise<unknown>][] = [
    ['deleted', ({ namespaces }) => namespaces.delete(namespace, true, ACTOR)],
    ['an ordinary one', ({ namespaces }) => namespaces.set(namespace, { isMirror: false }, ACTOR)],
  ];

  it.each(ends)('takes nothing more from a run that goes on: %s', async (_, end) => {
    const storage = await openLocalStorage();
    const sink = localRepository(storage);
    const { blobs, manifest } = sampleImage('late', ['1']);
    const bytes = blobs[0] ?? Buffer.alloc(0);
    const here = describeBytes(Buffer.from('here'));
    await storage.namespaces.ensureMirror(RepositoryName.namespace(ELSEWHERE), ACTOR);
    const source = localRepository(storage, ELSEWHERE);
    await source.putBlob(here, async () => inParts(Buffer.from('here')), signal);
    await end(storage);
    const left = await storage.namespaces.find(namespace);
    const writes = [
      () => sink.putBlob(describeBytes(bytes), async () => inParts(bytes), signal),
      () => sink.hasBlob(here, signal),
      () => sink.putManifest(manifest, manifest.tags, signal),
    ];
    for (const write of writes) {
      await expect(write()).rejects.toMatchObject({ code: 'access-withdrawn' });
    }
    expect(await storage.namespaces.find(namespace)).toEqual(left);
    await expect(sink.tags(signal)).rejects.toMatchObject({ code: 'upstream-absent' });
  });
});

it('refuses a manifest that no registry should give', async () => {
  const sink = localRepository(await openLocalStorage());
  const body = Buffer.from('{"schemaVersion":1,"fsLayers":[]}');
  const mediaType = 'application/vnd.docker.distribution.manifest.v1+json';
  const manifest = { digest: digestOf(body), mediaType, body };
  const put = sink.putManifest(manifest, [Tag.parse('old')], signal);
  await expect(put).rejects.toMatchObject({ code: 'upstream-corrupt' });
});

it('lists more tags than fit on a page', async () => {
  const storage = await openLocalStorage();
  const tags = Array.from({ length: 1001 }, (_, i) => `t${i}`);
  const { blobs, manifest } = sampleImage('many', tags);
  await fill(storage, { blobs, manifests: [manifest] });
  expect(await localRepository(storage).tags(signal)).toHaveLength(1001);
});

it('has no tags of a repository that is not there', async () => {
  const storage = await openLocalStorage();
  const tags = localRepository(storage, ELSEWHERE).tags(signal);
  await expect(tags).rejects.toMatchObject({ code: 'upstream-absent' });
});
