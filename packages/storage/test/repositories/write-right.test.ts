// What is asked of a right in the transaction that adds content. The changes here come at the last moment,
// for a manifest in the very same commit: no check from outside could have seen them.
import { type AccessStamp, parseManifest, RepositoryName, Tag } from '@portolan/oci';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createManifestStore, type ManifestStore } from '../../src/manifests/manifest-store.ts';
import { createNamespaceStore, type NamespaceStore } from '../../src/namespaces/namespace-store.ts';
import type { WriteRight } from '../../src/repositories/write-right.ts';
import { createSubjectStore, type SubjectStore } from '../../src/subjects/subject-store.ts';
import {
  type ByteStore,
  bytesOf,
  type DataDirectory,
  digestOf,
  makeDataDirectory,
  openByteStore,
  REPOSITORY,
} from '../fixtures/byte-store.ts';
import { index } from '../fixtures/documents.ts';

const ACTOR = 'cli:tester';
const SOURCE = RepositoryName.parse('shared/base');
const BLOB = Buffer.from('the bytes of a layer');

let directory: DataDirectory;
let store: ByteStore;
let manifests: ManifestStore;
let namespaces: NamespaceStore;
let subjects: SubjectStore;

beforeEach(async () => {
  directory = makeDataDirectory();
  store = await openByteStore(directory);
  manifests = createManifestStore(store.deps);
  namespaces = createNamespaceStore(store.deps);
  subjects = createSubjectStore(store.deps);
  await subjects.createUser({ name: 'ann', isAdmin: false, passwordHash: 'x' }, ACTOR);
});

afterEach(() => {
  store.close();
  directory.remove();
});

async function stampOf(name: string): Promise<AccessStamp> {
  const subject = await subjects.find('ann');
  const namespace = await namespaces.find(name);
  if (subject === undefined || namespace === undefined) throw new Error('the fixture is wrong');
  return {
    subject: [subject.id, subject.generation],
    namespaces: { [name]: [namespace.id, namespace.generation] },
  };
}

type Write = (right: WriteRight | undefined) => Promise<unknown>;

/** Each makes all that it needs, and gives back what is left to do. */
const WRITES: Record<string, () => Promise<Write>> = {
  'a manifest': async () => {
    const body = Buffer.from(JSON.stringify(index([])));
    const manifest = parseManifest(body, undefined);
    const put = { repository: REPOSITORY, digest: digestOf(body), manifest, body, actor: 'ann' };
    return (right) => manifests.put({ ...put, tags: [Tag.parse('latest')], right });
  },
  'an upload': async () => {
    const upload = await store.uploads.begin({ repository: REPOSITORY, subject: 'ann' });
    await store.uploads.append(upload, { bytes: bytesOf(BLOB) });
    return (right) => store.uploads.commit(upload, digestOf(BLOB), right);
  },
  'a mount': async () => {
    await store.push(BLOB, SOURCE);
    const mount = { to: REPOSITORY, digest: digestOf(BLOB), sources: [SOURCE] };
    return (right) => store.blobs.mount({ ...mount, right });
  },
};

/** What a refused write must not leave. */
async function leftBehind(): Promise<unknown> {
  const { read } = store.deps.database;
  const repositories = read.selectFrom('repository').select('name');
  return {
    repositories: await repositories.where('name', '=', REPOSITORY).execute(),
    uploads: directory.fileNames('uploads'),
  };
}

describe.each(Object.entries(WRITES))('%s', (_, prepare) => {
  const withdraws: [string, () => Promise<unknown>][] = [
    ['its namespace is deleted', () => namespaces.delete('team', true, ACTOR)],
    ['its user is disabled', () => subjects.setDisabled('ann', true, ACTOR)],
    ['its user is deleted', () => subjects.delete('ann', ACTOR)],
  ];
  it.each(withdraws)('is refused when %s just before the commit', async (_name, withdraw) => {
    await namespaces.create({ name: 'team' }, ACTOR);
    const stamp = await stampOf('team');
    const write = await prepare();
    const withdrawn = withdraw();
    await expect(write(stamp)).rejects.toMatchObject({ code: 'access-withdrawn' });
    await withdrawn;
    expect(await leftBehind()).toEqual({ repositories: [], uploads: [] });
  });

  it('does not make the namespace anew, nor write into one that came instead', async () => {
    await namespaces.create({ name: 'team' }, ACTOR);
    const stamp = await stampOf('team');
    const again = [await prepare(), await prepare()];
    await namespaces.delete('team', true, ACTOR);
    await expect(again[0]?.(stamp)).rejects.toMatchObject({ code: 'access-withdrawn' });
    expect(await namespaces.find('team')).toBeUndefined();
    await namespaces.create({ name: 'team' }, ACTOR);
    await expect(again[1]?.(stamp)).rejects.toMatchObject({ code: 'access-withdrawn' });
    expect(await leftBehind()).toEqual({ repositories: [], uploads: [] });
  });

  it.each<[string, () => Promise<AccessStamp | undefined>]>([
    ['hangs on no namespace, as an administrator`s', async () => ({ namespaces: {} })],
    ['is not ours to know', async () => undefined],
  ])('makes a namespace that is not there by a right that %s', async (_name, right) => {
    const write = await prepare();
    await write(await right());
    expect(await namespaces.find('team')).toMatchObject({ visibility: 'private', isMirror: false });
  });

  it.each<[string, () => Promise<unknown>]>([
    ['deleted', () => namespaces.delete('team', true, ACTOR)],
    ['made an ordinary namespace', () => namespaces.set('team', { isMirror: false }, ACTOR)],
  ])('is refused to the mirror, whose namespace is %s just before', async (_name, end) => {
    await namespaces.ensureMirror('team', ACTOR);
    const write = await prepare();
    const ended = end();
    await expect(write('mirror')).rejects.toMatchObject({ code: 'access-withdrawn' });
    await ended;
    expect(await leftBehind()).toEqual({ repositories: [], uploads: [] });
  });

  it('is the mirror`s alone in a mirror, and refused to every token', async () => {
    await namespaces.ensureMirror('team', ACTOR);
    const writes = [await prepare(), await prepare()];
    await expect(writes[0]?.(undefined)).rejects.toMatchObject({ code: 'mirror-only' });
    await writes[1]?.('mirror');
  });
});
