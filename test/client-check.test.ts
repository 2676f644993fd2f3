// `portolan client check` against the whole program: what it says of each engine is what the server
// really answers to the requests of that engine.
import { rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type Mirror, startMirror } from './mirror/world.ts';
import type { CheckedRow } from './support/checked-row.ts';
import { type Image, makeImage } from './support/image.ts';
import { pushImage } from './support/registry-client.ts';
import { createScratchDirectory, type ScratchDirectory } from './support/scratch-directory.ts';
import { runPortolan } from './support/start-portolan.ts';

interface Checked {
  readonly code: number;
  readonly rows: readonly CheckedRow[];
  readonly stdout: string;
  readonly stderr: string;
}

const CANONICAL = 'docker.io/library/busybox';

/** A server that answers whatever it is asked for in one way. */
async function listen(answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  onTestFinished(() => {
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function writeLogin(
  directory: string,
  host: string,
  login: string,
): Promise<Record<string, string>> {
  const auth = Buffer.from(login).toString('base64');
  const file = join(directory, 'auth.json');
  await writeFile(file, JSON.stringify({ auths: { [host]: { auth } } }));
  onTestFinished(() => rm(file));
  return { REGISTRY_AUTH_FILE: file };
}

describe('client check', () => {
  let mirror: Mirror;
  let scratch: ScratchDirectory;
  let image: Image;

  beforeAll(async () => {
    scratch = await createScratchDirectory('check');
    mirror = await startMirror();
    for (const host of ['docker.io', 'quay.io']) {
      await mirror.must(`namespace create ${host} --visibility public`);
    }
    image = makeImage();
    await pushImage(await mirror.client(CANONICAL), CANONICAL, image, 'musl');
    const etcd = 'quay.io/coreos/etcd';
    await pushImage(await mirror.client(etcd), etcd, image, 'v3.1');
  });

  afterAll(async () => {
    await mirror?.portolan.stop();
    await scratch?.remove();
  });

  async function checkAt(
    registry: string,
    args: readonly string[],
    more: Record<string, string> = {},
  ): Promise<Checked> {
    const ended = await runPortolan(
      ['client', 'check', ...args, '--registry', registry, '--output', 'json'],
      { dataDir: mirror.portolan.dataDir, more: { HOME: scratch.path, ...more } },
    );
    const rows = ended.stdout === '' ? [] : (JSON.parse(ended.stdout) as readonly CheckedRow[]);
    return { ...ended, rows };
  }

  const check = (line: string, more?: Record<string, string>): Promise<Checked> =>
    checkAt(`http://localhost:${mirror.portolan.port}`, line.split(' '), more);

  test('every engine gets an image that is here, in each of its shapes', async () => {
    const engines = 'containerd,docker,podman,crio,buildkit,k3s,any';
    const { code, rows, stderr } = await check(`busybox:musl --engine ${engines}`);
    expect(rows.filter(({ verdict }) => verdict !== 'ok')).toEqual([]);
    expect(code, stderr).toBe(0);
    expect(rows).toHaveLength(12);
    for (const { digest } of rows) expect(digest).toBe(image.root.digest);
  });

  test('a row has the same keys whatever came of it', async () => {
    const { rows } = await check('quay.io/coreos/etcd:v3.1 --engine docker');
    expect(rows).toMatchObject([
      { request: null, status: null, digest: null, verdict: 'not possible' },
      { proxy: null, namespace: null, verdict: 'not possible' },
      { proxy: null, verdict: 'ok', reason: null },
    ]);
    const [first, ...others] = rows.map((row) => Object.keys(row));
    for (const keys of others) expect(keys).toEqual(first);
  });

  test.each([
    ['containerd', 'hosts.toml'],
    ['containerd', 'hosts.toml with a path'],
    ['containerd', 'hosts.toml with override_path'],
    ['docker', 'registry-mirrors'],
    ['docker', 'registry-mirrors with a path'],
    ['buildkit', 'inside dockerd'],
  ])('the server tells %s by %s which registry it stood for', async (engine, shape) => {
    const { rows } = await check(`busybox:musl --engine ${engine}`);
    expect(rows.find((row) => row.shape === shape)).toMatchObject({ namespace: 'docker.io' });
  });

  test('another registry than Docker Hub: mirrors of dockerd are not for it, docker 29 is', async () => {
    const { code, rows } = await check('quay.io/coreos/etcd:v3.1 --engine docker');
    expect(code).toBe(0);
    expect(rows.map(({ shape, verdict }) => [shape, verdict])).toEqual([
      ['registry-mirrors', 'not possible'],
      ['registry-mirrors with a path', 'not possible'],
      ['hosts.toml', 'ok'],
    ]);
    const old = await check('quay.io/coreos/etcd:v3.1 --engine docker --engine-version 20.10.24');
    expect(old.code).toBe(1);
    expect(old.rows[0]?.reason).toContain('client config proxy');
  });

  test('an image that is typed with a name below ours is asked for there', async () => {
    const typed = `quay-io.localhost:${mirror.portolan.port}/coreos/etcd:v3.1`;
    const { code, rows, stderr } = await check(typed);
    expect(code, stderr).toBe(0);
    for (const row of rows) {
      expect(row).toMatchObject({ shape: 'full name', namespace: 'quay.io', reason: null });
    }
  });

  test("an image that is typed with the registry's own name is asked for as it is", async () => {
    const typed = `localhost:${mirror.portolan.port}/${CANONICAL}`;
    const engines = 'containerd,docker,podman,crio,buildkit,k3s,any';
    const { code, rows, stderr } = await check(`${typed}:musl --engine ${engines}`);
    expect(code, stderr).toBe(0);
    expect(rows).toHaveLength(8);
    for (const row of rows) {
      expect(row).toMatchObject({ shape: 'full name', digest: image.root.digest });
    }
    const absent = await check(`${typed}:absent --engine docker --fail-open`);
    expect(absent.code).toBe(1);
    expect(new Set(absent.rows.map(({ verdict }) => verdict))).toEqual(new Set(['refused']));
  });

  test('what is not here is refused, or comes from the upstream where the engine does that', async () => {
    const { code, rows } = await check('busybox:absent --engine containerd,docker,podman,buildkit');
    expect(code).toBe(1);
    const verdicts = new Map(
      rows.map(({ engine, shape, verdict }) => [`${engine} ${shape}`, verdict]),
    );
    expect(verdicts.get('containerd hosts.toml')).toBe('refused');
    expect(verdicts.get('podman registries.conf')).toBe('refused');
    expect(verdicts.get('docker registry-mirrors')).toBe('would fall back to the upstream');
    expect(verdicts.get('buildkit buildkitd.toml')).toBe('would fall back to the upstream');
    const open = await check('busybox:absent --engine containerd,podman --fail-open');
    expect(new Set(open.rows.map(({ verdict }) => verdict))).toEqual(
      new Set(['would fall back to the upstream']),
    );
  });

  test('a registry that is not mirrored is refused', async () => {
    const { code, rows } = await check('ghcr.io/a/b:v1 --engine containerd,podman');
    expect(code).toBe(1);
    expect(new Set(rows.map(({ verdict }) => verdict))).toEqual(new Set(['refused']));
  });

  describe('of a private namespace', () => {
    beforeAll(() => mirror.must('namespace set docker.io --visibility private'));
    afterAll(() => mirror.must('namespace set docker.io --visibility public'));

    test('tells what the token grants: nothing', async () => {
      const { rows } = await check('busybox:musl --engine podman');
      expect(rows).toMatchObject([{ verdict: 'refused', status: 401, granted: [] }]);
    });

    test('an engine that sends the login for the registry gets it, others do not', async () => {
      const { adminPassword, port } = mirror.portolan;
      const pair = `admin:${adminPassword}`;
      const login = await writeLogin(scratch.path, `localhost:${port}`, pair);
      const checked = await check('busybox:musl --engine podman,containerd', login);
      expect(checked.code).toBe(1);
      expect(checked.rows[0]).toMatchObject({
        engine: 'podman',
        verdict: 'ok',
        granted: [`repository:${CANONICAL}:pull`],
      });
      const others = checked.rows.filter(({ engine }) => engine === 'containerd');
      expect(new Set(others.map(({ verdict }) => verdict))).toEqual(new Set(['refused']));
      for (const secret of [adminPassword, Buffer.from(pair).toString('base64'), 'eyJ']) {
        expect(checked.stdout + checked.stderr).not.toContain(secret);
      }
    });

    test.each([
      ['a part of the path', 'podman', '', 'docker.io/library', 'busybox:musl'],
      ['a name below ours', 'podman', 'docker-io.', '', 'docker-io.localhost/library/busybox:musl'],
      ['a name below ours', 'any', 'docker-io.', '', 'docker-io.localhost/library/busybox:musl'],
    ])('a login for %s is used by %s', async (...given) => {
      const [_title, engine, below, path, name] = given;
      const { adminPassword, port } = mirror.portolan;
      const key = `${below}localhost:${port}${path === '' ? '' : `/${path}`}`;
      const login = await writeLogin(scratch.path, key, `admin:${adminPassword}`);
      const typed = name.replace('localhost', `localhost:${port}`);
      const { code, stderr } = await check(`${typed} --engine ${engine}`, login);
      expect(code, stderr).toBe(0);
    });

    test("an upstream's login goes nowhere", async () => {
      const pair = `admin:${mirror.portolan.adminPassword}`;
      const login = await writeLogin(scratch.path, 'docker.io', pair);
      const { rows } = await check('busybox:musl --engine podman,docker', login);
      expect(new Set(rows.map(({ verdict }) => verdict))).not.toContain('ok');
    });
  });

  test('a table for people', async () => {
    const { portolan } = mirror;
    const args = ['busybox:musl', '--engine', 'podman', '--registry', portolan.url];
    const { stdout, code } = await portolan.cli('client', 'check', ...args);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ENGINE +SHAPE +REQUEST +STATUS/);
    expect(stdout).toContain(`GET ${portolan.url}/v2/${CANONICAL}/manifests/musl`);
  });

  test.each([
    ['without a digest', {}, /no Docker-Content-Digest/],
    [
      'of another digest',
      { 'docker-content-digest': `sha256:${'0'.repeat(64)}` },
      /is not what sha256:0+ says/,
    ],
    [
      'that somebody has compressed',
      { 'content-encoding': 'gzip', 'docker-content-digest': `sha256:${'0'.repeat(64)}` },
      /Content-Encoding gzip/,
    ],
  ])('a manifest %s is no image', async (_, headers, reason) => {
    const registry = await listen((_request, response) =>
      response.writeHead(200, headers).end('{}'),
    );
    const { code, rows } = await checkAt(registry, ['busybox', '--engine', 'podman']);
    expect(code).toBe(1);
    expect(rows[0]).toMatchObject({ verdict: 'refused', reason: expect.stringMatching(reason) });
  });

  test('a login goes to no realm elsewhere', async () => {
    const seen: [string | undefined, string | undefined][] = [];
    const answer =
      (realm: string): RequestListener =>
      (request, response) => {
        seen.push([request.url, request.headers.authorization]);
        response.setHeader('www-authenticate', `Bearer realm="${realm}"`);
        response.writeHead(401).end();
      };
    // The same machine, by a name that is not below the registry's.
    const elsewhere = (await listen(answer('none'))).replace('127.0.0.1', 'localhost');
    const registry = await listen(answer(`${elsewhere}/token`));
    const login = await writeLogin(scratch.path, new URL(registry).host, 'me:canary');
    const { rows } = await checkAt(registry, ['busybox', '--engine', 'podman'], login);
    expect(rows[0]?.verdict).toBe('refused');
    expect(seen).toEqual([
      ['/v2/', undefined],
      [expect.stringContaining('/token?scope=repository'), undefined],
      ['/v2/docker.io/library/busybox/manifests/latest', undefined],
    ]);
  });

  test('a server that is not there', async () => {
    const { code, rows } = await checkAt('http://127.0.0.1:1', ['busybox', '--engine', 'any']);
    expect(code).toBe(1);
    expect(rows[0]).toMatchObject({ reason: expect.stringContaining('ECONNREFUSED') });
  });

  test.each([
    ['no engine', ['busybox', '--engine', 'rocket']],
    ['no image', ['BUSY box']],
  ])('%s is a usage error', async (_, args) => {
    expect((await checkAt('http://127.0.0.1:1', args)).code).toBe(2);
  });
});
