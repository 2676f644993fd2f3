// A mirror's content is the mirror's alone: from the moment at which a rule writes to a namespace nobody
// pushes there, with whatever token, while pulls go by visibility as everywhere.
import { createLocalRepository } from '../packages/mirror/src/index.ts';
import { Digest, RepositoryName } from '@portolan/oci';
import { openStorage, type Storage } from '../packages/storage/src/index.ts';
import { decodeJwt } from 'jose';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSession } from './conformance/registry-client.ts';
import { makeImage } from './support/image.ts';
import { type Portolan, startPortolan } from './support/start-portolan.ts';

const NAME = RepositoryName.parse('docker.io/library/busybox');
const UPLOADS = `/v2/${NAME}/blobs/uploads/`;
const ALL = [`repository:${NAME}:pull,push,delete`];
const DAY_MS = 86_400_000;
const image = makeImage();

let portolan: Portolan;
let storage: Storage;

beforeAll(async () => {
  portolan = await startPortolan({ workers: 2 });
  // Beside the server, as `portolan mirror` works.
  storage = await openStorage({
    directory: portolan.dataDir,
    clock: Date.now,
    randomId: () => randomBytes(16).toString('hex'),
    times: { leaseMs: DAY_MS, uploadIdleMs: DAY_MS, orphanFileMs: DAY_MS },
    diskFloorBytes: 0,
  });
});

afterAll(async () => {
  await storage?.close();
  await portolan?.stop();
});

async function post(token: string | undefined, path = UPLOADS): Promise<number> {
  return (await createSession(portolan.url, token).request('POST', path)).status;
}

function actionsOf(token: string): string[] {
  const access = decodeJwt(token)['access'] as { actions: string[] }[];
  return access.flatMap(({ actions }) => actions);
}

async function makeRule(): Promise<void> {
  const rule = {
    upstream: 'docker.io',
    path: RepositoryName.parse('library/busybox'),
    destination: NAME,
    settings: {},
    nextRunAt: undefined,
  };
  await storage.mirrorRules.create(rule, 'cli:tester');
}

async function copyImage(): Promise<void> {
  const deps = { content: storage, downloads: storage.mirrorDownloads };
  const repository = createLocalRepository(deps, NAME, 'mirror');
  const { signal } = new AbortController();
  for (const { bytes, digest: text } of image.blobs) {
    const digest = Digest.parse(text);
    const blob = { mediaType: 'application/octet-stream', digest, size: bytes.length };
    const open = async (start: number) =>
      (async function* () {
        yield bytes.subarray(start);
      })();
    await repository.putBlob(blob, open, signal);
  }
  const { mediaType, bytes: body } = image.root;
  const digest = Digest.parse(image.root.digest);
  await repository.putManifest({ digest, mediaType, body }, [], signal);
}

describe('a namespace that becomes a mirror', () => {
  it('takes no push with a token from before, of whomever', async () => {
    const before = await portolan.token(ALL);
    const begun = await createSession(portolan.url, before).request('POST', UPLOADS);
    expect(begun.status).toBe(202);
    await makeRule();
    // Many times, so that every worker is asked.
    for (let i = 0; i < 10; i++) expect(await post(before)).toBe(401);
    const upload = begun.location();
    const put = await createSession(portolan.url, before).request('PATCH', upload, {
      body: Buffer.from('x'),
    });
    expect(put.status).toBe(401);
  });

  it('grants administrators no push, but pulls and deletes', async () => {
    const token = await portolan.token(ALL);
    expect(actionsOf(token)).toEqual(['pull', 'delete']);
    expect(await post(token)).toBe(401);
  });

  it('is pulled by whom its visibility lets', async () => {
    await copyImage();
    const path = `/v2/${NAME}/manifests/${image.root.digest}`;
    const anonymous = async () => {
      const token = await portolan.token([`repository:${NAME}:pull`], 'anonymous');
      return await createSession(portolan.url, token).request('GET', path);
    };
    expect((await anonymous()).status).toBe(401);
    const args = ['namespace', 'set', 'docker.io', '--visibility', 'public'];
    expect((await portolan.cli(...args)).code).toBe(0);
    const answer = await anonymous();
    expect(answer.status).toBe(200);
    expect(answer.body.equals(image.root.bytes)).toBe(true);
  });
});
