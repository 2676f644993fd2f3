// A mirrored repository over time: what is new, what has moved, what has vanished, and what is broken.
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type CountingProxy, startCountingProxy } from '../support/counting-proxy.ts';
import { describeWith } from '../support/debian-package.ts';
import { type DebianRegistry, startDebianRegistry } from '../support/debian-registry.ts';
import { type Image, makeImage, makeIndex } from '../support/image.ts';
import { pushImage, type RegistryClient } from '../support/registry-client.ts';
import { digestAt, expectWhole, type Mirror, openClient, startMirror } from './world.ts';

interface Plan {
  readonly images: readonly { readonly tag: string; readonly action: string }[];
  readonly bytes: number;
  readonly requests: number;
  readonly pulls: number;
}

interface TagStatus {
  readonly tag: string;
  readonly vanished: string | null;
}

describeWith({ packages: ['docker-registry'] }, 'a mirrored repository', () => {
  let upstream: DebianRegistry;
  let proxy: CountingProxy;
  let there: RegistryClient;
  let mirror: Mirror;
  let here: RegistryClient;
  let path: string;
  let name: string;
  let count = 0;

  beforeAll(async () => {
    upstream = await startDebianRegistry();
    proxy = await startCountingProxy(upstream.url);
    there = openClient(upstream.url);
    mirror = await startMirror();
    await mirror.must(`upstream set docker.io --endpoint ${proxy.url}`);
  });

  afterAll(async () => {
    await mirror?.portolan.stop();
    await proxy?.stop();
    await upstream?.stop();
  });

  beforeEach(async () => {
    path = `library/app${++count}`;
    name = `docker.io/${path}`;
    proxy.interfere(undefined);
    proxy.forget();
  });

  async function pushTags(...tags: string[]): Promise<Map<string, Image>> {
    const images = new Map<string, Image>();
    for (const tag of tags) {
      const image = makeIndex([makeImage(), makeImage()]);
      await pushImage(there, path, image, tag);
      images.set(tag, image);
    }
    return images;
  }

  async function addRule(options = ''): Promise<void> {
    await mirror.must(`mirror add ${name} ${options}`);
    // Its namespace is there now, so that a token can name it.
    here = await mirror.client(name);
  }

  function digestHere(reference: string): Promise<string | undefined> {
    return digestAt(here, name, reference);
  }

  async function removeThere(tag: string): Promise<void> {
    const digest = await digestAt(there, path, tag);
    await there.expect([202], 'DELETE', `/v2/${path}/manifests/${digest}`);
  }

  test('gets the tags that were asked for and no others', async () => {
    const images = await pushTags('musl', 'glibc', '1.36');
    await addRule('--tags musl');
    await mirror.must(`mirror sync ${name}`);
    expect(await digestHere('musl')).toBe(images.get('musl')?.root.digest);
    expect(await digestHere('glibc')).toBeUndefined();
  });

  test('a plan fetches no blob, changes nothing, and comes true', async () => {
    const images = await pushTags('a', 'b');
    await addRule();
    const [before] = await mirror.json<Plan[]>(`mirror plan ${name}`);
    expect(before?.images.map(({ tag, action }) => [tag, action])).toEqual([
      ['a', 'copy'],
      ['b', 'copy'],
    ]);
    expect(await digestHere('a')).toBeUndefined();
    expect(proxy.requests.filter((each) => each.path.includes('/blobs/'))).toEqual([]);

    proxy.forget();
    await mirror.must(`mirror sync ${name}`);
    // Several at once may find out that there is no referrers API; the first request of all, how to speak.
    const asked = proxy.requests.filter(
      ({ path: to }) => to !== '/v2/' && !to.includes('/referrers/'),
    );
    expect(asked.length + 1).toBe(before?.requests);
    const fetched = (kind: string) =>
      proxy.requests
        .filter((each) => each.method === 'GET' && each.path.includes(kind))
        .filter(({ status }) => status === 200);
    const blobs = [...images.values()].flatMap((image) => image.blobs);
    expect(fetched('/blobs/')).toHaveLength(blobs.length);
    const all = [...fetched('/blobs/'), ...fetched('/manifests/')];
    expect(fetched('/manifests/')).toHaveLength(before?.pulls ?? 0);
    expect(before?.bytes).toBe(all.reduce((sum, { bytes }) => sum + bytes, 0));

    const [after] = await mirror.json<Plan[]>(`mirror plan ${name}`);
    expect(after?.images.map(({ action }) => action)).toEqual(['unchanged', 'unchanged']);
  });

  test('costs one HEAD a tag and a listing when nothing has changed', async () => {
    await pushTags('a', 'b', 'c');
    await addRule();
    await mirror.must(`mirror sync ${name}`);
    proxy.forget();
    await mirror.must(`mirror sync ${name}`);
    const asked = proxy.requests.map((each) => `${each.method} ${each.path.split('?')[0]}`);
    const manifests = ['a', 'b', 'c'].map((tag) => `HEAD /v2/${path}/manifests/${tag}`);
    expect(asked.toSorted()).toEqual([`GET /v2/${path}/tags/list`, ...manifests].toSorted());
  });

  test('fetches no blob that another repository here has', async () => {
    const [image] = (await pushTags('a')).values();
    if (image === undefined) throw new Error('no image');
    await addRule();
    await mirror.must(`mirror sync ${name}`);
    await pushImage(there, `${path}-copy`, image, 'a');
    proxy.forget();
    await mirror.must(`mirror add ${name}-copy`);
    await mirror.must(`mirror sync ${name}-copy`);
    expect(proxy.requests.filter((each) => each.path.includes('/blobs/'))).toEqual([]);
    const client = await mirror.client(`${name}-copy`);
    await expectWhole(client, `${name}-copy`, image);
  });

  test('follows a moved tag, and its old target can still be pulled', async () => {
    const before = (await pushTags('latest')).get('latest');
    await addRule();
    await mirror.must(`mirror sync ${name}`);
    const after = (await pushTags('latest')).get('latest');
    await mirror.must(`mirror sync ${name}`);
    expect(await digestHere('latest')).toBe(after?.root.digest);
    if (before === undefined) throw new Error('no image');
    await expectWhole(here, name, before);
    const database = new DatabaseSync(join(mirror.portolan.dataDir, 'portolan.db'), {
      readOnly: true,
    });
    const rows = database
      .prepare(
        `SELECT tag_history.* FROM tag_history JOIN repository ON repository.id = repository_id
         WHERE repository.name = ? AND tag_history.name = 'latest'`,
      )
      .all(name);
    database.close();
    expect(JSON.stringify(rows)).toContain(before.root.digest);
  });

  test('keeps a vanished tag until it is pruned, and prunes it only past its grace', async () => {
    await pushTags('stays', 'goes');
    await addRule();
    await mirror.must(`mirror sync ${name}`);
    await removeThere('goes');
    await mirror.must(`mirror sync ${name}`);
    expect(await digestHere('goes')).toBeDefined();
    const tags = await mirror.json<TagStatus[]>(`mirror status ${name} --tags`);
    expect(tags.filter(({ vanished }) => vanished !== null).map(({ tag }) => tag)).toEqual([
      'goes',
    ]);

    await mirror.run(`mirror prune ${name}`);
    expect(await digestHere('goes')).toBeDefined();
    await mirror.must(`mirror prune ${name} --after-days 0`);
    expect(await digestHere('goes')).toBeUndefined();
    expect(await digestHere('stays')).toBeDefined();
  });

  test('prunes nothing after a listing that failed or was empty', async () => {
    await pushTags('a', 'b');
    await addRule();
    await mirror.must(`mirror sync ${name}`);
    const answers = [
      { kind: 'answer', status: 500 } as const,
      {
        kind: 'answer',
        status: 200,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ name: path, tags: [] }),
      } as const,
    ];
    for (const answer of answers) {
      proxy.interfere((each) => (each.path.includes('/tags/list') ? answer : undefined));
      await mirror.run(`mirror sync ${name}`);
      await mirror.run(`mirror prune ${name} --after-days 0`);
      expect(await digestHere('a')).toBeDefined();
      expect(await digestHere('b')).toBeDefined();
    }
  });

  test('prunes nothing when the whole repository is gone, of a rule that lists its tags', async () => {
    await pushTags('a', 'b');
    await addRule('--tags a,b --prune-after 0');
    await mirror.must(`mirror sync ${name}`);
    proxy.interfere((each) =>
      each.path.includes(path) ? { kind: 'answer', status: 404 } : undefined,
    );
    const { stderr } = await mirror.run(`mirror sync ${name}`);
    expect(stderr).toContain('nothing is pruned');
    for (let i = 0; i < 3; i++) await mirror.run(`mirror prune ${name} --after-days 0`);
    expect(await digestHere('a')).toBeDefined();
    expect(await digestHere('b')).toBeDefined();
  });

  test('names each tag that a sync prunes, and so does the log', async () => {
    await pushTags('stays', 'goes');
    await addRule('--prune-after 0');
    await mirror.must(`mirror sync ${name}`);
    await removeThere('goes');
    const { code, stderr } = await mirror.run(`mirror sync ${name}`);
    expect(code).toBe(0);
    expect(stderr).toContain(`pruned: ${name}:goes`);
    expect(await digestHere('goes')).toBeUndefined();
    expect((await mirror.run(`mirror log ${name}`)).stderr).toContain(`pruned: ${name}:goes`);
    expect((await mirror.json<object[]>(`mirror log ${name}`))[0]).toMatchObject({
      pruned: ['goes'],
      vanished: 1,
    });
  });

  test('an odd status is a failure, and no content that differs from its digest', async () => {
    await pushTags('a');
    await addRule();
    proxy.interfere((each) =>
      each.path.includes('/manifests/') ? { kind: 'answer', status: 405 } : undefined,
    );
    const { code, stderr } = await mirror.run(`mirror sync ${name}`);
    expect(code).toBe(1);
    expect(stderr).toContain('answers unexpectedly');
    expect(stderr).not.toContain('digest');
  });

  test('another platform that a rule asks for is planned, and its plan comes true', async () => {
    await pushTags('a');
    await addRule('--tags a --platform linux/amd64');
    await mirror.must(`mirror sync ${name}`);
    await addRule('--tags a --platform linux/amd64,linux/arm64');
    const [plan] = await mirror.json<Plan[]>(`mirror plan ${name}`);
    expect(plan?.images).toMatchObject([{ tag: 'a', action: 'update' }]);
    expect(plan?.pulls).toBe(1);
    const [run] = await mirror.json<object[]>(`mirror sync ${name}`);
    expect(run).toMatchObject({ copied: 1, bytes: plan?.bytes, pulls: 1 });
  });

  test('one bad tag stops no other', async () => {
    const tags = Array.from({ length: 12 }, (_, i) => `t${i}`);
    const images = await pushTags(...tags);
    const broken = images.get('t5')?.blobs[0]?.digest ?? '';
    await addRule();
    proxy.interfere((each) =>
      each.path.includes(broken) ? { kind: 'answer', status: 404 } : undefined,
    );
    const { code, stdout, stderr } = await mirror.run(`mirror sync ${name}`);
    expect(code).toBe(1);
    expect(stdout + stderr).toContain('t5');
    expect(await digestHere('t5')).toBeUndefined();
    for (const tag of tags.filter((each) => each !== 't5')) {
      expect(await digestHere(tag), tag).toBe(images.get(tag)?.root.digest);
    }
    proxy.interfere(undefined);
    await mirror.must(`mirror sync ${name}`);
    expect(await digestHere('t5')).toBe(images.get('t5')?.root.digest);
  });

  test('its runs stand in the log', async () => {
    await pushTags('a');
    await addRule();
    await mirror.must(`mirror sync ${name}`);
    await mirror.must(`mirror sync ${name}`);
    const runs = await mirror.json<{ outcome: string }[]>(`mirror log ${name}`);
    expect(runs.map(({ outcome }) => outcome)).toEqual(['ok', 'ok']);
  });

  describe('a subset of platforms', () => {
    test('keeps the digest of the index and leaves the others out', async () => {
      const arm = makeImage({ architecture: 'arm64' });
      const image = makeIndex([makeImage(), arm]);
      await pushImage(there, path, image, 'multi');
      await addRule('--platform linux/arm64');
      await mirror.must(`mirror sync ${name}`);
      expect(await digestHere('multi')).toBe(image.root.digest);
      await expectWhole(here, name, arm);
      expect(await digestHere(image.manifests[0]?.digest ?? '')).toBeUndefined();
    });
  });

  test.each([
    ['an upstream that wants us to wait', 75, { status: 429, headers: { 'retry-after': '3600' } }],
    ['an upstream that is down', 1, { status: 503 }],
    ['an upstream that sends other bytes', 4, { status: 200, body: 'other bytes'.repeat(10_000) }],
  ])('%s ends a run with %i and leaves nothing half', async (_, code, answer) => {
    await pushTags('a');
    await addRule();
    proxy.interfere((each) =>
      each.path.includes('/blobs/') ? { kind: 'answer', ...answer } : undefined,
    );
    expect((await mirror.run(`mirror sync ${name}`)).code).toBe(code);
    expect(await digestHere('a')).toBeUndefined();
  });

  test('what makes no sense ends with 2', async () => {
    expect((await mirror.run('mirror sync --jobs none')).code).toBe(2);
    expect((await mirror.run('mirror add docker.io/library/app --regex (')).code).toBe(2);
  });

  test('nothing that matches ends with 3', async () => {
    expect((await mirror.run('mirror sync docker.io/library/nowhere')).code).toBe(3);
    await pushTags('a');
    await addRule('--regex ^v');
    expect((await mirror.run(`mirror sync ${name}`)).code).toBe(3);
  });
});
