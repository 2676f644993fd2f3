// `portolan sync` beside Debian's `skopeo sync`, on the same upstream: the same trees, the same digests,
// in both directions, and the commands of those who come from it.
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Crew, credentials, startCrew } from '../support/crew.ts';
import { describeWith } from '../support/debian-package.ts';
import { type DebianRegistry, startDebianRegistry } from '../support/debian-registry.ts';
import { type Image, makeImage, makeIndex } from '../support/image.ts';
import { createOciLayout } from '../support/oci-layout.ts';
import { type CommandResult, runCommand, words } from '../support/run-command.ts';
import { createScratchDirectory, type ScratchDirectory } from '../support/scratch-directory.ts';
import { runPortolan } from '../support/start-portolan.ts';

/** Every file below a directory with its bytes. */
async function readTree(root: string): Promise<Readonly<Record<string, string>>> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const pairs = files.map(async (entry) => {
    const file = join(entry.parentPath, entry.name);
    return [relative(root, file), (await readFile(file)).toString('base64')] as const;
  });
  return Object.fromEntries((await Promise.all(pairs)).sort(([a], [b]) => (a < b ? -1 : 1)));
}

describeWith({ packages: ['skopeo', 'docker-registry'] }, 'portolan sync and skopeo sync', () => {
  let scratch: ScratchDirectory;
  let upstream: DebianRegistry;
  let target: DebianRegistry;
  let crew: Crew;
  const busybox = makeIndex([makeImage(), makeImage({ architecture: 'arm64' })]);
  const etcd = makeImage();

  const skopeo = (line: string): Promise<CommandResult> =>
    runCommand('/usr/bin/skopeo', words(line), { env: { HOME: scratch.path } });
  const skopeoSync = (rest: string) =>
    skopeo(`sync --src-tls-verify=false --dest-tls-verify=false ${rest}`);
  const portolan = (line: string) =>
    runPortolan(words(line), {
      dataDir: join(scratch.path, 'none'),
      more: { HOME: scratch.path, REGISTRY_AUTH_FILE: '' },
    });
  const path = (name: string): string => join(scratch.path, name);

  async function digestAt(registry: string, name: string): Promise<string | null> {
    const [repository = '', tag = ''] = name.split(':');
    const answer = await fetch(`http://${registry}/v2/${repository}/manifests/${tag}`, {
      method: 'HEAD',
      headers: {
        Accept: `${busybox.root.mediaType}, ${etcd.root.mediaType}`,
      },
    });
    return answer.headers.get('docker-content-digest');
  }

  async function fill(image: Image, ...names: string[]): Promise<void> {
    const layout = path(`layout-${image.root.digest.slice(7, 15)}`);
    await createOciLayout(layout, image);
    for (const name of names) {
      const copied = await skopeo(
        `copy --all --dest-tls-verify=false oci:${layout} docker://${upstream.host}/${name}`,
      );
      expect(copied.code, copied.output).toBe(0);
    }
  }

  beforeAll(async () => {
    scratch = await createScratchDirectory('sync');
    [upstream, target, crew] = await Promise.all([
      startDebianRegistry(),
      startDebianRegistry(),
      startCrew(),
    ]);
    await fill(busybox, 'library/busybox:musl', 'library/busybox:1.36');
    await fill(etcd, 'coreos/etcd:v3.1', 'coreos/etcd:latest');
  });

  afterAll(async () => {
    await crew?.portolan.stop();
    await upstream?.stop();
    await target?.stop();
    await scratch?.remove();
  });

  describe.each([
    ['one platform of an index', 'library/busybox:musl', ''],
    ['one platform that is named', 'library/busybox:musl', '--override-arch=arm64'],
    ['an index', 'library/busybox:musl', '--all'],
    ['a whole repository', 'coreos/etcd', '--all'],
    ['a whole repository with its name', 'library/busybox', '--all --scoped'],
  ])('of %s', (_what, name, options) => {
    const global = options.startsWith('--override') ? options : '';
    const local = global === '' ? options : '';
    const directory = (who: string): string =>
      path(`${who}-${name}${options}`.replaceAll(/[^a-z0-9]+/g, '-'));

    test('write the same tree, and write it again without a word', async () => {
      const theirs = directory('theirs');
      const ours = directory('ours');
      const source = `${upstream.host}/${name}`;
      const skopeoDone = await skopeo(
        `${global} sync --src-tls-verify=false --src docker --dest dir ${local} ${source} ${theirs}`,
      );
      expect(skopeoDone.code, skopeoDone.output).toBe(0);
      const dry = `${global} sync --src docker --dest dir ${local} --dry-run ${source} ${ours}`;
      expect(await portolan(dry)).toMatchObject({ code: 0 });
      await expect(stat(ours)).rejects.toMatchObject({ code: 'ENOENT' });
      const command = `${global} sync --src docker --dest dir ${local} ${source} ${ours}`;
      expect(await portolan(command)).toMatchObject({ code: 0 });
      const tree = await readTree(ours);
      expect(tree).toEqual(await readTree(theirs));
      const again = await portolan(command);
      expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining('0 copied') });
      expect(await readTree(ours)).toEqual(tree);
    });

    // skopeo takes no port in a scoped name, so those trees go only one way.
    if (!options.includes('--scoped'))
      test("read each other's trees", async () => {
        const arch = global === '' ? '' : '-arm';
        const taken = await skopeoSync(
          `--src dir --dest docker ${local} ${directory('ours')} ${target.host}/skopeo${arch}`,
        );
        expect(taken.code, taken.output).toBe(0);
        const imported = await portolan(
          `sync --src dir --dest docker ${local} ${directory('theirs')} ${target.host}/portolan${arch}`,
        );
        expect(imported).toMatchObject({ code: 0 });
        const last = name.slice(name.lastIndexOf('/') + 1);
        const tags = last.includes(':') ? [last] : [`${last}:${last === 'etcd' ? 'v3.1' : '1.36'}`];
        for (const tag of tags) {
          const digest = await digestAt(target.host, `portolan${arch}/${tag}`);
          expect(digest).toMatch(/^sha256:/);
          expect(await digestAt(target.host, `skopeo${arch}/${tag}`)).toBe(digest);
        }
      });
  });

  test('copy from registry to registry with the same digests', async () => {
    const from = `${upstream.host}/library/busybox`;
    const theirs = await skopeoSync(`--src docker --dest docker --all ${from} ${target.host}/s`);
    expect(theirs.code, theirs.output).toBe(0);
    const ours = `sync --src docker --dest docker --all --src-tls-verify=false --dest-tls-verify=false ${from} ${target.host}/p`;
    expect(await portolan(ours)).toMatchObject({ code: 0 });
    for (const tag of ['musl', '1.36']) {
      const digest = await digestAt(target.host, `s/busybox:${tag}`);
      expect(digest).toBe(busybox.root.digest);
      expect(await digestAt(target.host, `p/busybox:${tag}`)).toBe(digest);
    }
    expect(await portolan(ours)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('0 copied, 2 unchanged'),
    });
  });

  describe("the seed's commands", () => {
    let namespace: string;
    let creds: string;

    beforeAll(async () => {
      namespace = upstream.host.replace(':', '_');
      creds = credentials(crew.owner);
      const made = await crew.portolan.cli('namespace', 'create', namespace, '--team', 'crew');
      expect(made).toMatchObject({ code: 0 });
    });

    const inspect = async (name: string): Promise<CommandResult> =>
      skopeo(
        `inspect --raw --tls-verify=false --creds ${creds} docker://${crew.portolan.host}/${namespace}/${name}`,
      );

    test('mirror one image', async () => {
      const done = await portolan(
        `sync --source docker://${upstream.host}/library/busybox:musl --dest-creds=${creds} docker://${crew.portolan.host}`,
      );
      expect(done, done.stderr).toMatchObject({ code: 0 });
      expect(done.stderr).not.toContain(crew.owner.password);
      expect((await inspect('library/busybox:musl')).code).toBe(0);
    });

    test('mirror a repository over a stick', async () => {
      const stick = path('usb-disk/mirrored-images');
      await mkdir(path('usb-disk'));
      const out = await portolan(
        `sync --source docker://${upstream.host}/coreos/etcd dir:${stick}`,
      );
      expect(out, out.stderr).toMatchObject({ code: 0 });
      const tree = Object.keys(await readTree(stick));
      expect(tree).toContain(`${upstream.host}/coreos/etcd:v3.1/manifest.json`);
      const back = await portolan(
        `sync --source dir:${stick} --dest-creds=${creds} docker://${crew.portolan.host}`,
      );
      expect(back, back.stderr).toMatchObject({ code: 0 });
      for (const tag of ['v3.1', 'latest']) {
        expect((await inspect(`coreos/etcd:${tag}`)).stdout).toBe(etcd.root.bytes.toString());
      }
    });

    test('mirror what a file names', async () => {
      const file = path('images.yml');
      await writeFile(
        file,
        `${upstream.host}:\n  images:\n    library/busybox: [musl]\n  images-by-tag-regex:\n    coreos/etcd: ^v\n`,
      );
      const done = await portolan(
        `sync --all --source-file ${file} docker://${target.host}/from-file`,
      );
      expect(done, done.stderr).toMatchObject({ code: 0 });
      const root = `from-file/${namespace}`;
      expect(await digestAt(target.host, `${root}/library/busybox:musl`)).toBe(busybox.root.digest);
      expect(await digestAt(target.host, `${root}/coreos/etcd:v3.1`)).toBe(etcd.root.digest);
      expect(await digestAt(target.host, `${root}/coreos/etcd:latest`)).toBeNull();
    });
  });

  test("skopeo sync pushes into a namespace with a user's credentials", async () => {
    const done = await skopeoSync(
      `--src docker --dest docker --all --dest-creds ${credentials(crew.owner)} ${upstream.host}/library/busybox ${crew.reference('ci')}`,
    );
    expect(done.code, done.output).toBe(0);
    const refused = await skopeoSync(
      `--src docker --dest docker --dest-creds ${credentials(crew.viewer)} ${upstream.host}/library/busybox ${crew.reference('viewers')}`,
    );
    expect(refused.code).not.toBe(0);
  });

  test('portolan sync finds the login that skopeo has kept', async () => {
    const file = path('auth.json');
    const login = await skopeo(
      `login --tls-verify=false --authfile ${file} -u ${crew.owner.name} -p ${crew.owner.password} ${crew.portolan.host}`,
    );
    expect(login.code, login.output).toBe(0);
    const command = `sync --src docker --dest docker ${upstream.host}/coreos/etcd:v3.1 ${crew.reference('kept')}`;
    expect(await portolan(command)).toMatchObject({ code: 1 });
    const done = await portolan(`${command} --authfile ${file}`);
    expect(done, done.stderr).toMatchObject({ code: 0 });
  });

  describe('what goes wrong', () => {
    test('in a file is all said at once, and nothing is copied', async () => {
      const file = path('bad.yml');
      await writeFile(
        file,
        `${upstream.host}:\n  images:\n    library/busybox: []\n  image: {}\n  images-by-tag-regex:\n    coreos/etcd: "(["\n`,
      );
      const done = await portolan(`sync --src yaml --dest docker ${file} ${target.host}/bad`);
      expect(done.code).toBe(2);
      expect(done.stderr).toContain(`${upstream.host}.image: is not known`);
      expect(done.stderr).toContain('regular expression is malformed');
      expect(await digestAt(target.host, 'bad/busybox:musl')).toBeNull();
    });

    test('upstream is all said, and stops the rest unless told to go on', async () => {
      const file = path('absent.yml');
      await writeFile(
        file,
        `${upstream.host}:\n  images:\n    library/busybox: [musl]\n    absent/one: []\n    absent/two: []\n`,
      );
      const command = `sync --src yaml --dest docker --all ${file} ${target.host}/absent`;
      const stopped = await portolan(command);
      expect(stopped.code).toBe(1);
      expect(stopped.stderr).toContain('absent/one');
      expect(stopped.stderr).toContain('absent/two');
      expect(await digestAt(target.host, 'absent/busybox:musl')).toBeNull();
      const gone = await portolan(`${command} --keep-going`);
      expect(gone.code).toBe(1);
      expect(await digestAt(target.host, 'absent/busybox:musl')).toBe(busybox.root.digest);
    });

    test('on a stick is named by its file', async () => {
      const stick = path('damaged');
      const out = `sync --src docker --dest dir ${upstream.host}/coreos/etcd:v3.1 ${stick}`;
      expect(await portolan(out)).toMatchObject({ code: 0 });
      const hex = etcd.blobs[1]?.digest.slice('sha256:'.length) ?? '';
      const file = join(stick, 'etcd:v3.1', hex);
      const bytes = await readFile(file);
      bytes[10] = (bytes[10] ?? 0) ^ 1;
      await writeFile(file, bytes);
      const done = await portolan(`sync --src dir --dest docker ${stick} ${target.host}/damaged`);
      expect(done.code).toBe(1);
      expect(done.stderr).toContain(file);
      expect(await digestAt(target.host, 'damaged/etcd:v3.1')).toBeNull();
    });

    test('with nothing to copy is 3', async () => {
      await mkdir(path('empty'));
      const done = await portolan(`sync --src dir --dest docker ${path('empty')} ${target.host}/e`);
      expect(done.code).toBe(3);
    });
  });
});
