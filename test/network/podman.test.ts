// Debian's podman, buildah and skopeo, configured by `portolan client config podman`: both images by the
// names that the world knows them under.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeWith } from '../support/debian-package.ts';
import { digestOf } from '../support/image.ts';
import { createPodmanStore, type PodmanStore, type PodmanUser } from '../support/podman.ts';
import type { CommandResult } from '../support/run-command.ts';
import { BUSYBOX, ETCD, SAYS } from './images.ts';
import type { Node } from './node.ts';
import { FLAVIO, HUB_LOGIN, startWorld, type World, WORLD_NEEDS } from './world.ts';

const PACKAGES = [...WORLD_NEEDS, 'podman', 'buildah', 'skopeo'] as const;
// Without limits of its own it wants more open files than some machines let root have.
const LIMITS = '--ulimit=nofile=1024:1024 --ulimit=nproc=1024:1024';
const RUN = `run --rm --pull=never --network=none ${LIMITS}`;

describeWith({ packages: PACKAGES, root: true }, 'podman, buildah and skopeo', () => {
  let world: World;
  let node: Node;
  let store: PodmanStore;
  let anybody: PodmanUser;

  beforeAll(async () => {
    world = await startWorld();
  });

  afterAll(() => world?.stop());

  async function start(options: string): Promise<void> {
    await world.setVisibility('public');
    node = await world.addNode();
    await node.configure(`podman ${options}`);
    store = await createPodmanStore(node.inside);
    anybody = await store.user('anybody');
  }

  const references = () =>
    [
      [BUSYBOX, 'musl', world.images.busybox],
      [ETCD, 'v3.1', world.images.etcd],
    ] as const;

  async function expectBoth(user: PodmanUser): Promise<void> {
    for (const [name, tag, image] of references()) {
      await user.podman(`rmi --force ${name}:${tag}`);
      const { code, output } = await user.podman(`pull ${name}:${tag}`);
      expect(code, output).toBe(0);
      const images = await user.podman('images --digests --format {{.Repository}}@{{.Digest}}');
      expect(images.stdout).toContain(`${name}@${image.root.digest}`);
    }
    expect(await node.dialled()).toEqual([]);
  }

  function inspect(reference: string, more = ''): Promise<CommandResult> {
    return node.sh(`/usr/bin/skopeo inspect --raw ${more} docker://${reference}`);
  }

  async function expectRefused(result: Promise<CommandResult>, by: RegExp): Promise<void> {
    const { code, output } = await result;
    expect(code).not.toBe(0);
    expect(output).toMatch(by);
    expect(await node.dialled()).toEqual([]);
  }

  describe('fail-closed', () => {
    beforeAll(() => start('--ns docker.io,quay.io'));
    afterAll(() => store?.remove());

    test('podman pulls both images and runs them', async () => {
      await expectBoth(anybody);
      const { output } = await anybody.podman(`${RUN} ${ETCD}:v3.1`);
      expect(output).toContain(SAYS.etcd);
    });

    test('buildah builds from both', async () => {
      for (const [name, tag] of references()) {
        const { code, output } = await anybody.buildah(`from --pull-always ${name}:${tag}`);
        expect(code, output).toBe(0);
      }
      expect(await node.dialled()).toEqual([]);
    });

    test('skopeo reads the very bytes of the upstream', async () => {
      for (const [name, tag, image] of references()) {
        const { code, stdout, output } = await inspect(`${name}:${tag}`);
        expect(code, output).toBe(0);
        expect(digestOf(Buffer.from(stdout))).toBe(image.root.digest);
      }
    });

    test.each([`${BUSYBOX}:glibc`, 'docker.io/library/redis:7', 'quay.io/some/thing:1'])(
      'is refused %s, and dials nobody else',
      async (reference) => {
        const here = /registry\.lan.*(manifest unknown|not known|not found|unauthorized|denied)/is;
        await expectRefused(anybody.podman(`pull ${reference}`), here);
        await expectRefused(anybody.buildah(`from ${reference}`), here);
        await expectRefused(inspect(reference), here);
      },
    );

    test('pulls from private mirrors with a login of ours alone', async () => {
      await world.setVisibility('private');
      const flavio = await store.user('flavio');
      const login = await flavio.login('registry.lan', FLAVIO.name, FLAVIO.password);
      expect(login.code, login.output).toBe(0);
      await expectBoth(flavio);
      const refused = /unauthorized|denied|authentication required/i;
      await expectRefused(anybody.podman(`pull ${ETCD}:v3.1`), refused);
      await world.setVisibility('public');
    });

    test('a login for Docker Hub stays where it is', async () => {
      const customer = await store.user('customer');
      const file = JSON.stringify({
        auths: {
          'docker.io': { auth: Buffer.from(Object.values(HUB_LOGIN).join(':')).toString('base64') },
        },
      });
      await node.must(`cat > ${customer.authFile} <<'END'\n${file}\nEND`);
      await expectBoth(customer);
    });
  });

  describe('fail-open', () => {
    beforeAll(() => start('--ns docker.io,quay.io --fail-open'));
    afterAll(() => store?.remove());

    test('pulls what is here from here', async () => {
      await expectBoth(anybody);
    });

    test('asks the upstream for what is not', async () => {
      expect((await anybody.podman(`pull ${BUSYBOX}:glibc`)).code).not.toBe(0);
      expect((await inspect('quay.io/some/thing:1')).code).not.toBe(0);
      const dialled = await node.dialled();
      expect(dialled).toContain('registry-1.docker.io:443');
      expect(dialled).toContain('quay.io:443');
    });
  });

  test('leaves no password in any log', async () => {
    await world.expectNoSecrets();
  });
});
