// Many clients at once at two workers (reference reliability R2, rows 33 and 34).
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeImage, randomBlob } from '../support/image.ts';
import {
  createRegistryClient,
  pullBlob,
  pushBlob,
  pushImage,
  putManifest,
  type RegistryClient,
  type UploadStyle,
} from '../support/registry-client.ts';
import { type Portolan, startPortolan } from '../support/start-portolan.ts';
import { type Operation, violationsOf } from './register-history.ts';

const REPOSITORY = 'crew-apps/busy';
const STYLES: readonly UploadStyle[] = ['single-post', 'post-put', 'streamed', 'chunked'];

describe('clients that push at the same time', () => {
  let portolan: Portolan;
  let client: RegistryClient;

  beforeAll(async () => {
    portolan = await startPortolan({ workers: 2 });
    await portolan.cli('team', 'create', 'crew', '--owner', 'admin');
    await portolan.cli('namespace', 'create', 'crew-apps', '--team', 'crew');
    const token = await portolan.token([`repository:${REPOSITORY}:pull,push`]);
    client = createRegistryClient(portolan.url, token);
  });

  afterAll(() => portolan?.stop());

  test('one blob: every one of 50 gets its 201, and one file is kept', async () => {
    const blob = randomBlob(300_000);
    const pushes = Array.from({ length: 50 }, (_, i) =>
      pushBlob(client, { repository: REPOSITORY, blob, style: STYLES[i % 4] ?? 'post-put' }),
    );
    await Promise.all(pushes);
    expect(await pullBlob(client, REPOSITORY, blob.digest)).toEqual(blob.bytes);
    const files = await readdir(join(portolan.dataDir, 'blobs'), { recursive: true });
    const hex = blob.digest.slice('sha256:'.length);
    expect(files.filter((file) => file.includes(hex))).toHaveLength(1);
  });

  test('one tag: all readers see one order of 16 writers', async ({ annotate }) => {
    const images = Array.from({ length: 16 * 10 }, () => makeImage({ layers: 1 }));
    // Only the last step, the tag, is what they compete for.
    for (const image of images) await pushImage(client, REPOSITORY, image, 'first');
    const history: Operation[] = [];
    const record = async (kind: Operation['kind'], work: () => Promise<string>) => {
      const sentAt = performance.now();
      const value = await work();
      history.push({ kind, value, sentAt, answeredAt: performance.now() });
    };
    const write = async (writer: number): Promise<void> => {
      for (const { root } of images.slice(writer * 10, writer * 10 + 10)) {
        await record('write', async () => {
          const { status } = await putManifest(client, REPOSITORY, root, 'contested');
          expect(status).toBe(201);
          return root.digest;
        });
      }
    };
    await write(0);
    const over = new AbortController();
    const read = async (): Promise<void> => {
      const path = `/v2/${REPOSITORY}/manifests/contested`;
      while (!over.signal.aborted) {
        await record('read', async () => {
          const { headers } = await client.expect([200], 'HEAD', path);
          return headers.get('docker-content-digest') ?? '';
        });
      }
    };
    const readers = Array.from({ length: 4 }, read);
    await Promise.all(Array.from({ length: 15 }, (_, i) => write(i + 1)));
    over.abort();
    await Promise.all(readers);
    await annotate(`${history.length} operations on one tag`);
    expect(violationsOf(history)).toEqual([]);
  });
});
