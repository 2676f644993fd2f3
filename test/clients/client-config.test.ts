// What `portolan client config` writes, read by the engines themselves: each pulls under the upstream's
// name from a registry that is not the upstream, and goes nowhere else when it is fail-closed.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Mirror, startMirror } from '../mirror/world.ts';
import { type Containerd, startContainerd } from '../support/containerd.ts';
import { describeWith } from '../support/debian-package.ts';
import { startDockerEngine } from '../support/docker-engine.ts';
import { digestOf, type Image } from '../support/image.ts';
import { createPodmanStore, type PodmanStore } from '../support/podman.ts';
import { pushImage } from '../support/registry-client.ts';
import { makeRootImage } from '../support/root-image.ts';
import { createRootTree } from '../support/root-tree.ts';
import { type CommandResult, runCommand, words } from '../support/run-command.ts';
import { createScratchDirectory, type ScratchDirectory } from '../support/scratch-directory.ts';

/** Where engines go when they go to Docker Hub. */
const UPSTREAM = 'registry-1.docker.io';
const NAME = 'docker.io/library/busybox';

function inspect(root: string, tag: string): Promise<CommandResult> {
  const file = join(root, 'etc/containers/registries.conf.d/50-portolan.conf');
  const line = `--registries-conf ${file} inspect --raw docker://${NAME}:${tag}`;
  return runCommand('/usr/bin/skopeo', words(line), { env: { HOME: root } });
}

describe('configured engines', () => {
  let scratch: ScratchDirectory;
  let mirror: Mirror;
  let image: Image;

  beforeAll(async () => {
    scratch = await createScratchDirectory('config');
    mirror = await startMirror();
    image = await makeRootImage(await createRootTree(scratch.path, 'amd64'));
    await mirror.must('namespace create docker.io --visibility public');
    await pushImage(await mirror.client(NAME), NAME, image, 'musl');
  });

  afterAll(async () => {
    await mirror?.portolan.stop();
    await scratch?.remove();
  });

  /** Returns the root that the files are in. */
  async function install(line: string, name: string): Promise<string> {
    const root = join(scratch.path, name);
    await mirror.must(`client config ${line} --registry ${mirror.portolan.url} --install ${root}`);
    return root;
  }

  describeWith({ packages: ['skopeo'] }, 'skopeo', () => {
    test.each(['closed', 'open'])('gets the image, fail-%s', async (fails) => {
      const root = await install(`podman --fail-${fails}`, fails);
      const { code, output, stdout } = await inspect(root, 'musl');
      expect(code, output).toBe(0);
      expect(digestOf(Buffer.from(stdout))).toBe(image.root.digest);
    });

    test('asks the registry itself only when it is fail-open', async () => {
      const closed = await inspect(await install('podman', 'closed'), 'absent');
      expect(closed.code).not.toBe(0);
      expect(closed.output).toContain('manifest unknown');
      expect(closed.output).not.toContain(UPSTREAM);
      const open = await inspect(await install('podman --fail-open', 'open'), 'absent');
      expect(open.code).not.toBe(0);
      expect(open.output).toContain(UPSTREAM);
    });
  });

  describeWith({ packages: ['podman'], root: true }, 'podman', () => {
    let store: PodmanStore;

    beforeAll(async () => {
      store = await createPodmanStore();
    });

    afterAll(() => store?.remove());

    test('pulls under the name of the upstream', async () => {
      const root = await install('podman', 'podman');
      const file = join(root, 'etc/containers/registries.conf.d/50-portolan.conf');
      const user = await store.user('somebody', { CONTAINERS_REGISTRIES_CONF: file });
      const { code, output } = await user.podman(`pull ${NAME}:musl`);
      expect(code, output).toBe(0);
      const images = await user.podman('images --digests --format {{.Repository}}@{{.Digest}}');
      expect(images.stdout).toContain(`${NAME}@${image.root.digest}`);
    });
  });

  describeWith({ packages: ['containerd'], root: true }, 'containerd 1.6', () => {
    let containerd: Containerd;

    beforeAll(async () => {
      containerd = await startContainerd();
    });

    afterAll(() => containerd?.stop());

    async function pull(args: string, tag: string): Promise<CommandResult> {
      const root = await install(`containerd ${args}`, `containerd${args.replaceAll(' ', '')}`);
      const hosts = join(root, 'etc/containerd/certs.d');
      return containerd.ctr(`images pull --snapshotter=native --hosts-dir ${hosts} ${NAME}:${tag}`);
    }

    test.each(['--fail-closed', '--fail-open', '--fail-closed --ns docker.io'])(
      'pulls with %s',
      async (args) => {
        const { code, output } = await pull(args, 'musl');
        expect(code, output).toBe(0);
        expect(output).toContain(image.root.digest);
      },
    );

    test('goes to no upstream when it is fail-closed', async () => {
      const closed = await pull('--fail-closed', 'absent');
      expect(closed.code).not.toBe(0);
      expect(closed.output).toContain('not found');
      expect(closed.output).not.toContain(UPSTREAM);
      const open = await pull('--fail-open', 'absent');
      expect(open.code).not.toBe(0);
      expect(open.output).toContain(UPSTREAM);
    });
  });

  describeWith({ packages: ['docker.io'], root: true }, 'dockerd 20.10', () => {
    test('starts with the settings, and has the mirror', async () => {
      const root = join(scratch.path, 'docker');
      const line = `client config docker --registry https://registry.lan:5000 --install ${root}`;
      await mirror.must(line);
      const settings = join(root, 'etc/docker/daemon.json');
      const engine = await startDockerEngine([`--config-file=${settings}`]);
      try {
        const user = await engine.user('somebody');
        const { stdout } = await user.docker('info --format {{.RegistryConfig.Mirrors}}');
        expect(stdout.trim()).toBe('[https://docker-io.registry.lan:5000/]');
      } finally {
        await engine.stop();
      }
    });
  });
});
