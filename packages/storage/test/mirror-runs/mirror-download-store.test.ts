import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  createMirrorDownloadStore,
  type MirrorDownloadStore,
} from '../../src/mirror-runs/mirror-download-store.ts';
import {
  type ByteStore,
  type DataDirectory,
  digestOf,
  makeDataDirectory,
  openByteStore,
  REPOSITORY,
} from '../fixtures/byte-store.ts';

const FIRST = digestOf(Buffer.from('first'));
const SECOND = digestOf(Buffer.from('second'));

let directory: DataDirectory;
let store: ByteStore;
let downloads: MirrorDownloadStore;

beforeEach(async () => {
  directory = makeDataDirectory();
  store = await openByteStore(directory);
  downloads = createMirrorDownloadStore(store.deps);
});

afterEach(() => {
  store.close();
  directory.remove();
});

const begin = () => store.uploads.begin({ repository: REPOSITORY, subject: 'mirror' });

it('knows the last session of a blob, until it is deleted', async () => {
  expect(await downloads.find(REPOSITORY, FIRST)).toBeUndefined();
  await downloads.set(REPOSITORY, FIRST, (await begin()).id);
  const { id } = await begin();
  await downloads.set(REPOSITORY, FIRST, id);
  expect(await downloads.find(REPOSITORY, FIRST)).toBe(id);
  await downloads.delete(REPOSITORY, FIRST);
  expect(await downloads.find(REPOSITORY, FIRST)).toBeUndefined();
});

it('forgets sessions that have ended when another one begins', async () => {
  const ended = await begin();
  await downloads.set(REPOSITORY, FIRST, ended.id);
  await store.uploads.cancel(ended);
  await downloads.set(REPOSITORY, SECOND, (await begin()).id);
  expect(await downloads.find(REPOSITORY, FIRST)).toBeUndefined();
  expect(await downloads.find(REPOSITORY, SECOND)).toBeDefined();
});
