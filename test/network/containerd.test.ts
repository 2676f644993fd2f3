// Debian's containerd, configured by `portolan client config containerd`: both images by the names that the
// world knows them under, in every shape that a hosts.toml can ask for. Each configuration is on a fresh node.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Containerd, startContainerd } from '../support/containerd.ts';
import { describeWith } from '../support/debian-package.ts';
import type { CommandResult } from '../support/run-command.ts';
import { BUSYBOX, ETCD, SAYS } from './images.ts';
import type { Node } from './node.ts';
import { FLAVIO, startWorld, type World, WORLD_NEEDS } from './world.ts';

const HOSTS = '/etc/containerd/certs.d';
const OURS = `${FLAVIO.name}:${FLAVIO.password}`;

/** Not written by client config, but by other people's documents. */
async function writeHosts(node: Node, server: string, more: string): Promise<void> {
  for (const host of ['docker.io', 'quay.io']) {
    const directory = join(node.directory, HOSTS, host);
    const url = server.replace('HOST', host);
    // Where a host has a path, `server` is another one to containerd 1.6, and asked after it.
    const how = `capabilities = ["pull", "resolve"]\nca = "${node.authority}"\n${more}\n`;
    await mkdir(directory, { recursive: true });
    const text = `server = "${url}"\n${how}[host."${url}"]\n${how}`;
    await writeFile(join(directory, 'hosts.toml'), text);
  }
}

type Configure = (node: Node) => Promise<void>;

const FAIL_CLOSED: readonly (readonly [string, Configure])[] = [
  ['one file for every registry', (node) => node.configure('containerd')],
  ['a file for each', (node) => node.configure('containerd --ns docker.io,quay.io')],
  ['a path before /v2', (node) => writeHosts(node, 'https://registry.lan/HOST', '')],
  [
    'a path behind /v2',
    (node) => writeHosts(node, 'https://registry.lan/v2/HOST', 'override_path = true'),
  ],
];

describeWith({ packages: [...WORLD_NEEDS, 'containerd'], root: true }, 'containerd 1.6', () => {
  let world: World;
  let node: Node;
  let containerd: Containerd;

  beforeAll(async () => {
    world = await startWorld();
  });

  afterAll(() => world?.stop());

  async function start(configure: Configure): Promise<void> {
    await world.setVisibility('public');
    node = await world.addNode();
    await configure(node);
    containerd = await startContainerd(node.inside);
  }

  /** With nothing of it kept from before. */
  async function pull(reference: string, user?: string): Promise<CommandResult> {
    await containerd.ctr(`images rm --sync ${reference}`);
    await containerd.ctr('content prune references');
    const login = user === undefined ? '' : `--user ${user}`;
    return containerd.ctr(
      `images pull --snapshotter=native --hosts-dir ${HOSTS} ${login} ${reference}`,
    );
  }

  async function expectBoth(user?: string): Promise<void> {
    const { busybox, etcd } = world.images;
    for (const [reference, image] of [
      [`${BUSYBOX}:musl`, busybox],
      [`${ETCD}:v3.1`, etcd],
    ] as const) {
      const { code, output } = await pull(reference, user);
      expect(code, output).toBe(0);
      const listed = await containerd.ctr(`images list name==${reference}`);
      expect(listed.stdout).toContain(image.root.digest);
    }
    expect(await node.dialled()).toEqual([]);
  }

  describe.each(FAIL_CLOSED)('with %s', (_title, configure) => {
    beforeAll(() => start(configure));
    afterAll(() => containerd?.stop());

    test('pulls both images and runs them', async () => {
      await expectBoth();
      const run = `run --rm --snapshotter=native ${ETCD}:v3.1 one`;
      expect((await containerd.ctr(run)).output).toContain(SAYS.etcd);
    });

    test.each([`${BUSYBOX}:glibc`, 'docker.io/library/redis:7', 'quay.io/some/thing:1'])(
      'is refused %s, and dials nobody else',
      async (reference) => {
        const { code, output } = await pull(reference);
        expect(code).not.toBe(0);
        expect(output).toContain('not found');
        expect(await node.dialled()).toEqual([]);
      },
    );

    test('pulls from private mirrors with a login of ours alone', async () => {
      await world.setVisibility('private');
      expect((await pull(`${ETCD}:v3.1`)).code).not.toBe(0);
      expect((await pull(`${ETCD}:v3.1`, 'flavio:wrong')).code).not.toBe(0);
      await expectBoth(OURS);
    });
  });

  describe('with one file for every registry, fail-open', () => {
    beforeAll(() => start((fresh) => fresh.configure('containerd --fail-open')));
    afterAll(() => containerd?.stop());

    test('pulls what is here from here', async () => {
      await expectBoth();
    });

    test('asks the upstream for what is not', async () => {
      expect((await pull(`${BUSYBOX}:glibc`)).code).not.toBe(0);
      expect(await node.dialled()).toContain('registry-1.docker.io:443');
    });
  });

  test('is refused a registry that is not mirrored when all come from here', async () => {
    await start((fresh) => fresh.configure('containerd'));
    const { code, output } = await pull('registry.example/some/thing:1');
    await containerd.stop();
    expect(code).not.toBe(0);
    expect(output).toContain('not found');
    expect(await node.dialled()).toEqual([]);
  });

  test('leaves no password in any log', async () => {
    await world.expectNoSecrets();
  });
});
