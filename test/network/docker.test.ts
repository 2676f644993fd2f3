// Debian's dockerd 20.10, unpatched, and the BuildKit in it: Docker Hub through the mirror that
// `portolan client config docker` writes, and every registry through names that lead to the box. For the
// CONNECT proxy see the tests of that listener.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeWith } from '../support/debian-package.ts';
import { type DockerEngine, type DockerUser, startDockerEngine } from '../support/docker-engine.ts';
import type { CommandResult } from '../support/run-command.ts';
import { expectPulled, logInToHub } from './docker-user.ts';
import { BUSYBOX, ETCD, type RunnableImages } from './images.ts';
import { type Node, overrideNames } from './node.ts';
import { FLAVIO, startWorld, type World, WORLD_NEEDS } from './world.ts';

const IMPERSONATED = ['docker.io', 'registry-1.docker.io', 'index.docker.io', 'quay.io'];

/** Nothing of what was built or pulled before is used. */
async function build(user: DockerUser, reference: string): Promise<CommandResult> {
  await user.docker(`rmi --force ${reference}`);
  await user.docker('builder prune --all --force');
  return user.docker('build --no-cache --pull -', `FROM ${reference}\nENV built=yes\n`);
}

describeWith({ packages: [...WORLD_NEEDS, 'docker.io'], root: true }, 'dockerd 20.10', () => {
  let world: World;
  let node: Node;
  let engine: DockerEngine;

  beforeAll(async () => {
    world = await startWorld({ impersonates: IMPERSONATED });
  });

  afterAll(() => world?.stop());

  /** As a person of their own, with BuildKit as docker has it. */
  const person = (name: string): Promise<DockerUser> =>
    engine.user(name, { DOCKER_BUILDKIT: '1', BUILDKIT_PROGRESS: 'plain' });

  const expectImage = (user: DockerUser, reference: string, image: keyof RunnableImages) =>
    expectPulled(user, world.images, { reference, image });

  async function expectBuilt(user: DockerUser, reference: string): Promise<void> {
    const { code, output } = await build(user, reference);
    expect(code, output).toBe(0);
    expect(await node.dialled()).toEqual([]);
  }

  describe('with the mirror of client config', () => {
    beforeAll(async () => {
      node = await world.addNode();
      await node.configure('docker');
      // BuildKit has its tokens fetched by the client, which reads no certs.d.
      await node.trustBySystem();
      engine = await startDockerEngine([], { inside: node.inside });
    });

    afterAll(() => engine?.stop());

    test('pulls and runs busybox:musl by its name', async () => {
      await expectImage(await person('anybody'), 'busybox:musl', 'busybox');
      expect(await node.dialled()).toEqual([]);
    });

    test('builds from it', async () => {
      await expectBuilt(await person('builder'), 'busybox:musl');
    });

    test('pulls it with a login for Docker Hub, which is not looked at', async () => {
      const customer = await person('customer');
      await logInToHub(customer);
      await expectImage(customer, `${BUSYBOX}:musl`, 'busybox');
      await expectBuilt(customer, `${BUSYBOX}:musl`);
    });

    test('asks Docker Hub after a private mirror, with or without a login for Docker Hub', async () => {
      await world.setVisibility('private');
      const customer = await person('private');
      await logInToHub(customer);
      for (const user of [customer, await person('anybody')]) {
        await user.docker(`rmi --force busybox:musl`);
        expect((await user.docker('pull busybox:musl')).code).not.toBe(0);
      }
      expect(await node.dialled()).toContain('registry-1.docker.io:443');
      await world.setVisibility('public');
    });

    test('asks the upstream for what is not here, and for other registries', async () => {
      const user = await person('anybody');
      expect((await user.docker('pull redis:7')).code).not.toBe(0);
      expect((await user.docker(`pull ${ETCD}:v3.1`)).code).not.toBe(0);
      expect(await node.dialled()).toContain('quay.io:443');
    });
  });

  describe('with names that lead to the box', () => {
    beforeAll(async () => {
      node = await world.addNode();
      await overrideNames(node, IMPERSONATED);
      await node.trustBySystem();
      engine = await startDockerEngine([], { inside: node.inside });
    });

    afterAll(() => engine?.stop());

    test('pulls, runs and builds from both images', async () => {
      const anybody = await person('anybody');
      await expectImage(anybody, 'busybox:musl', 'busybox');
      await expectImage(anybody, `${ETCD}:v3.1`, 'etcd');
      await expectBuilt(anybody, 'busybox:musl');
      await expectBuilt(anybody, `${ETCD}:v3.1`);
    });

    test('pulls both with a login for Docker Hub, which is not looked at', async () => {
      const customer = await person('customer');
      await logInToHub(customer);
      await expectImage(customer, 'busybox:musl', 'busybox');
      await expectImage(customer, `${ETCD}:v3.1`, 'etcd');
    });

    test.each(['busybox:glibc', 'redis:7', 'quay.io/some/thing:1'])(
      'is refused %s, and dials nobody else',
      async (reference) => {
        const anybody = await person('anybody');
        const pulled = await anybody.docker(`pull ${reference}`);
        expect(pulled.code).not.toBe(0);
        expect(pulled.output).toMatch(/not found|manifest unknown|denied/);
        expect((await build(anybody, reference)).code).not.toBe(0);
        expect(await node.dialled()).toEqual([]);
      },
    );

    test('pulls from a private mirror with a login of ours alone', async () => {
      await world.setVisibility('private');
      const flavio = await person('flavio');
      const anybody = await person('anybody');
      const login = await flavio.login('quay.io', FLAVIO.name, FLAVIO.password);
      expect(login.output).toContain('Login Succeeded');
      await anybody.docker(`rmi --force ${ETCD}:v3.1`);
      expect((await anybody.docker(`pull ${ETCD}:v3.1`)).code).not.toBe(0);
      await expectImage(flavio, `${ETCD}:v3.1`, 'etcd');
      await expectBuilt(flavio, `${ETCD}:v3.1`);
      await world.setVisibility('public');
    });
  });

  test('leaves no password in any log', async () => {
    await world.expectNoSecrets();
  });
});
