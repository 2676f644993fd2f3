// The data directory's file system runs full (reference reliability R2, row 4): pushes are refused in
// the registry's own words, pulls go on, and nothing has to be restarted once there is space again.
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeImage, randomBlob } from '../support/image.ts';
import {
  type Answer,
  createRegistryClient,
  pullAll,
  pushBlob,
  pushImage,
  RefusedError,
  type RegistryClient,
} from '../support/registry-client.ts';
import { mountSmallDisk, type SmallDisk, whyNoSmallDisk } from '../support/small-disk.ts';
import { type Portolan, startPortolan } from '../support/start-portolan.ts';

const REPOSITORY = 'crew-apps/web';
const DISK_MEGABYTES = 48;
const WRITABLE_WITHIN_MS = 10_000;

const reason = await whyNoSmallDisk();
const title = reason === undefined ? 'a full disk' : `a full disk (skipped: ${reason})`;

function expectRefusal(error: unknown): void {
  expect(error).toBeInstanceOf(RefusedError);
  const { status, body } = error as RefusedError;
  expect([507, 500]).toContain(status);
  expect(JSON.parse(body)).toMatchObject({
    errors: [{ code: expect.any(String), message: expect.any(String) }],
  });
}

describe.skipIf(reason !== undefined)(title, () => {
  let disk: SmallDisk;
  let portolan: Portolan;
  let client: RegistryClient;
  let dataDir: string;
  const image = makeImage();

  beforeAll(async () => {
    disk = await mountSmallDisk(DISK_MEGABYTES);
    dataDir = join(disk.path, 'data');
    const env = { PORTOLAN_STORAGE_DISK_FLOOR: '0' };
    portolan = await startPortolan({ dataDir, env });
    await portolan.cli('team', 'create', 'crew', '--owner', 'admin');
    await portolan.cli('namespace', 'create', 'crew-apps', '--team', 'crew');
    const token = await portolan.token([`repository:${REPOSITORY}:pull,push`]);
    client = createRegistryClient(portolan.url, token);
    await pushImage(client, REPOSITORY, image, '1');
  });

  afterAll(async () => {
    await portolan?.stop();
    await disk?.unmount();
  });

  async function expectPulls(count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      expect(await pullAll(client, REPOSITORY, '1')).toBe(image.root.digest);
    }
  }

  /** Bytes in the files of uploads. */
  async function uploadedBytes(): Promise<number> {
    const directory = join(dataDir, 'uploads');
    const files = await readdir(directory);
    const sizes = await Promise.all(
      files.map(async (file) => (await stat(join(directory, file))).size),
    );
    return sizes.reduce((sum, size) => sum + size, 0);
  }

  test.each(['single-post', 'post-put', 'streamed'] as const)(
    'refuses a blob that does not fit (%s), and keeps nothing of it',
    async (style) => {
      const blob = randomBlob((DISK_MEGABYTES + 8) * 2 ** 20);
      const push = pushBlob(client, { repository: REPOSITORY, blob, style });
      expectRefusal(await push.catch((error: unknown) => error));
      expect(await uploadedBytes()).toBe(0);
      await expectPulls(1);
      await pushImage(client, REPOSITORY, makeImage(), `after-${style}`);
    },
  );

  test('refuses a chunk that does not fit, and frees the space of the ones before', async () => {
    const blob = randomBlob(30 * 2 ** 20);
    const begun = await client.expect([202], 'POST', `/v2/${REPOSITORY}/blobs/uploads/`);
    const headers = { 'Content-Range': `0-${blob.bytes.length - 1}` };
    const location = begun.headers.get('location') ?? '';
    const first = await client.expect([202], 'PATCH', location, { headers, body: blob.bytes });
    const next = first.headers.get('location') ?? '';
    const second = client.expect([202], 'PATCH', next, {
      headers: { 'Content-Range': `${blob.bytes.length}-${2 * blob.bytes.length - 1}` },
      body: blob.bytes,
    });
    expectRefusal(await second.catch((error: unknown) => error));
    expect(await uploadedBytes()).toBe(0);
    await client.expect([404], 'DELETE', next);
  });

  test('goes on with pulls and logins, refuses pushes, and recovers by itself', async ({
    annotate,
  }) => {
    await disk.fill();
    const small = randomBlob(20_000);
    const refused: unknown = await pushBlob(client, {
      repository: REPOSITORY,
      blob: small,
      style: 'post-put',
    }).catch((error: unknown) => error);
    expectRefusal(refused);
    await expectPulls(50);
    const token = await portolan.token([`repository:${REPOSITORY}:pull`]);
    await pullAll(createRegistryClient(portolan.url, token), REPOSITORY, '1');

    await disk.free();
    const freedAt = performance.now();
    let answer: Answer;
    do {
      answer = await client.send(
        'POST',
        `/v2/${REPOSITORY}/blobs/uploads/?digest=${small.digest}`,
        {
          body: small.bytes,
        },
      );
      if (answer.status !== 201) await delay(100);
    } while (answer.status !== 201 && performance.now() - freedAt < WRITABLE_WITHIN_MS);
    expect(answer.status, answer.bytes.toString()).toBe(201);
    await annotate(`writable ${Math.round(performance.now() - freedAt)} ms after space was freed`);
    await pushImage(client, REPOSITORY, makeImage(), 'after');
    await expectPulls(1);
  });
});
