// Engines that know nothing of us but HTTPS_PROXY, on nodes that reach nothing but the box: both images by
// the names that the world knows them under, and nothing else.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Containerd, startContainerd } from '../support/containerd.ts';
import { describeWith } from '../support/debian-package.ts';
import { type DockerEngine, type DockerUser, startDockerEngine } from '../support/docker-engine.ts';
import { createPodmanStore, type PodmanStore, type PodmanUser } from '../support/podman.ts';
import { type ConnectServer, startConnectServer } from './connect-server.ts';
import { expectPulled, logInToHub } from './docker-user.ts';
import { BUSYBOX, ETCD, type RunnableImages } from './images.ts';
import type { Node } from './node.ts';
import { FLAVIO, HUB_LOGIN, startWorld, type World, WORLD_NEEDS } from './world.ts';

const PACKAGES = [...WORLD_NEEDS, 'docker.io', 'containerd', 'podman', 'skopeo'] as const;
/** In the address of the proxy, and so in `Proxy-Authorization`. */
const PROXY_LOGIN = { name: 'proxy-canary', password: 'proxy-canary-password' } as const;
const GCR = 'gcr.io/distroless/static:latest';

/** What systemd would give the engine. */
async function dropInVariables(node: Node, unit = 'docker'): Promise<Record<string, string>> {
  const file = `etc/systemd/system/${unit}.service.d/50-portolan-proxy.conf`;
  const text = await readFile(join(node.directory, file), 'utf8');
  return Object.fromEntries(
    [...text.matchAll(/^Environment="(\w+)=(.*)"$/gm)].map((m) => [m[1], m[2]]),
  );
}

describeWith({ packages: PACKAGES, root: true }, 'a connect listener', () => {
  let world: World;
  let proxy: ConnectServer;
  let node: Node;

  beforeAll(async () => {
    world = await startWorld({ permits: ['docker.io', 'quay.io'] });
    await world.box.addHosts('127.0.0.1', ['listed.example']);
    await world.box.addHosts('10.77.0.1', ['private.example']);
    proxy = await startConnectServer(world, ['listed.example', 'private.example']);
    node = await world.addNode();
    await node.configure('proxy --ns docker.io,quay.io');
    await node.trustBySystem();
  });

  afterAll(async () => {
    await proxy?.stop();
    await world?.stop();
  });

  const withLogin = (): string =>
    proxy.url.replace('//', `//${PROXY_LOGIN.name}:${PROXY_LOGIN.password}@`);

  const expectImage = (user: DockerUser, reference: string, image: keyof RunnableImages) =>
    expectPulled(user, world.images, { reference, image });

  const skopeo = (reference: string) =>
    node.sh(`HTTPS_PROXY=${proxy.url} /usr/bin/skopeo inspect docker://${reference}`);

  const curl = (url: string) => node.sh(`curl -sSvk --proxy ${proxy.url} ${url}`);

  describe.each([
    ['as client config proxy writes it', () => dropInVariables(node)],
    ['with a login for the proxy, and no NO_PROXY', () => ({ HTTPS_PROXY: withLogin() })],
  ])('dockerd 20.10 %s', (_title, variables) => {
    let engine: DockerEngine;

    beforeAll(async () => {
      engine = await startDockerEngine([], { inside: node.inside, env: await variables() });
    });

    afterAll(() => engine?.stop());

    test('pulls and runs both images, with and without a login for Docker Hub', async () => {
      const customer = await engine.user('customer');
      await logInToHub(customer);
      for (const user of [await engine.user('anybody'), customer]) {
        await expectImage(user, `${BUSYBOX}:musl`, 'busybox');
        await expectImage(user, `${ETCD}:v3.1`, 'etcd');
      }
      expect(await node.dialled()).toEqual([]);
    });

    test.each([
      [GCR, 'gcr.io is not mirrored here'],
      ['redis:7', 'denied|not found|manifest unknown'],
      [`${ETCD}:v9`, 'not found|manifest unknown'],
    ])('is refused %s, is told why, and dials nobody', async (reference, why) => {
      const { code, output } = await (await engine.user('anybody')).docker(`pull ${reference}`);
      expect(code).not.toBe(0);
      expect(output).toMatch(new RegExp(why));
      expect(await node.dialled()).toEqual([]);
    });

    test('pulls from a private mirror with a login of ours', async () => {
      await world.setVisibility('private');
      const flavio = await engine.user('flavio');
      const login = await flavio.login('quay.io', FLAVIO.name, FLAVIO.password);
      expect(login.output).toContain('Login Succeeded');
      await flavio.docker(`rmi --force ${ETCD}:v3.1`);
      const anybody = await engine.user('anybody');
      expect((await anybody.docker(`pull ${ETCD}:v3.1`)).code).not.toBe(0);
      await expectImage(flavio, `${ETCD}:v3.1`, 'etcd');
      await world.setVisibility('public');
    });
  });

  describe('podman and skopeo', () => {
    let store: PodmanStore;
    let user: PodmanUser;

    beforeAll(async () => {
      store = await createPodmanStore(node.inside);
      user = await store.user('anybody', { HTTPS_PROXY: withLogin() });
    });

    afterAll(() => store?.remove());

    test.each([
      [`${BUSYBOX}:musl`, 'busybox'],
      [`${ETCD}:v3.1`, 'etcd'],
    ] as const)('get %s', async (reference, image) => {
      const { code, output } = await user.podman(`pull ${reference}`);
      expect(code, output).toBe(0);
      const inspected = await skopeo(reference);
      expect(inspected.output).toContain(world.images[image].root.digest);
      expect(await node.dialled()).toEqual([]);
    });

    test('are refused what is not mirrored, are told why, and dial nobody', async () => {
      for (const { code, output } of [await user.podman(`pull ${GCR}`), await skopeo(GCR)]) {
        expect(code).not.toBe(0);
        expect(output).toContain('gcr.io is not mirrored here');
      }
      expect(await node.dialled()).toEqual([]);
    });
  });

  describe('a node whose system does not trust the authority, but whose engines do', () => {
    let fresh: Node;
    let containerd: Containerd;
    let variables: readonly string[];

    beforeAll(async () => {
      fresh = await world.addNode();
      for (const unit of ['containerd', 'podman']) {
        await fresh.configure(`proxy --ns docker.io,quay.io --unit ${unit}.service`);
      }
      const given = Object.entries(await dropInVariables(fresh, 'containerd'));
      variables = given.map(([name, value]) => `${name}=${value}`);
      containerd = await startContainerd((file, args) =>
        fresh.inside('/usr/bin/env', [...variables, file, ...args]),
      );
    });

    afterAll(() => containerd?.stop());

    const pull = (reference: string) => {
      const how = '--snapshotter=native --hosts-dir /etc/containerd/certs.d';
      return containerd.ctr(`images pull ${how} ${reference}`);
    };

    test.each([
      [`${BUSYBOX}:musl`, 'busybox'],
      [`${ETCD}:v3.1`, 'etcd'],
    ] as const)('containerd 1.6 and skopeo get %s there', async (reference, image) => {
      const { digest } = world.images[image].root;
      const pulled = await pull(reference);
      expect(pulled.code, pulled.output).toBe(0);
      expect((await containerd.ctr(`images list name==${reference}`)).stdout).toContain(digest);
      const line = `${variables.join(' ')} /usr/bin/skopeo inspect docker://${reference}`;
      expect((await fresh.sh(line)).output).toContain(digest);
      expect(await fresh.dialled()).toEqual([]);
    });

    test('containerd 1.6 is refused what is not mirrored, and dials nobody', async () => {
      const { code, output } = await pull(GCR);
      expect(code).not.toBe(0);
      expect(output).toContain('gcr.io is not mirrored here');
      expect(await fresh.dialled()).toEqual([]);
    });

    test('curl, which reads the store of the system, gets nothing', async () => {
      const { code, output } = await fresh.sh(`curl -sS --proxy ${proxy.url} https://quay.io/v2/`);
      expect(code).not.toBe(0);
      expect(output).toContain('certificate');
    });
  });

  describe('curl', () => {
    test('passes to a host that is listed', async () => {
      const { code, output } = await curl('https://listed.example/livez');
      expect(code, output).toBe(0);
      // Of HAProxy, which is who answers there.
      expect(output).toContain('subject: CN=registry.lan');
    });

    test('does not pass to a host that is listed, at an address that is not allowed', async () => {
      const { code, output } = await curl('https://private.example/livez');
      expect(code).not.toBe(0);
      expect(output).toContain('private.example is at no address that connections pass to');
    });
  });

  test('leaves no password in any log', async () => {
    await world.expectNoSecrets();
    const logs = await proxy.logs();
    expect(logs).toContain('"outcome":"served"');
    for (const { name, password } of [PROXY_LOGIN, HUB_LOGIN, FLAVIO]) {
      const basic = Buffer.from(`${name}:${password}`).toString('base64');
      expect(logs).not.toContain(password);
      expect(logs).not.toContain(basic.slice(0, -4));
    }
  });
});
