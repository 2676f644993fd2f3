// deploy/kube/portolan-pod.yaml: what a kubelet would say to it, and how it runs with podman.
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { type ContainerSite, UID } from './container-site.ts';
import { createImageTree, RUNTIME_PACKAGES } from './image-tree.ts';
import { type Pod, unknownFields } from './pod-manifest.ts';
import { IMAGE } from './portolan-image.ts';
import { createProxiedClient, type ProxiedClient } from './proxied-client.ts';
import { pushAndPull } from './running-container.ts';

const DEPLOY = join(import.meta.dirname, '../../deploy');
const MANIFEST = join(DEPLOY, 'kube', 'portolan-pod.yaml');
const HAPROXY = 'docker.io/library/haproxy:3.2';
const HAPROXY_PACKAGES = [
  ...RUNTIME_PACKAGES,
  'haproxy',
  'libcap2',
  'libcrypt1',
  'libgcrypt20',
  'libgpg-error0',
  'liblua5.3-0',
  'liblz4-1',
  'liblzma5',
  'libopentracing-c-wrapper0',
  'libopentracing1',
  'libpcre2-8-0',
  'libssl3',
  'libsystemd0',
  'libzstd1',
];
/** `service` is the host of the public URL. */
const NAME = 'registry.lan';

async function readManifest(): Promise<Pod> {
  return parse(await readFile(MANIFEST, 'utf8')) as Pod;
}

function manifestTests(): void {
  describe('the pod', () => {
    test('has no field that the API does not have, and none that a static pod cannot', async () => {
      const pod = await readManifest();
      expect(pod).toMatchObject({ apiVersion: 'v1', kind: 'Pod' });
      expect(unknownFields(pod)).toEqual([]);
    });

    test('mounts only volumes that it has, and uses each', async () => {
      const { containers, volumes } = (await readManifest()).spec;
      const mounted = containers.flatMap(({ volumeMounts }) => volumeMounts);
      const names = new Set(mounted.map(({ name }) => name));
      expect([...names].toSorted()).toEqual(volumes.map(({ name }) => name).toSorted());
    });

    // podman gives an emptyDir to the user of whoever mounts it first.
    test('mounts the directory of the sockets first as the user who makes sockets there', async () => {
      const { initContainers } = (await readManifest()).spec;
      expect(initContainers[0]).toMatchObject({
        securityContext: { runAsUser: UID },
        volumeMounts: [{ name: 'sockets', mountPath: '/run/portolan' }],
      });
    });

    test('permits no container more than it needs', async () => {
      const { initContainers, containers } = (await readManifest()).spec;
      for (const { name, securityContext } of [...initContainers, ...containers]) {
        expect(securityContext).toMatchObject({
          readOnlyRootFilesystem: true,
          allowPrivilegeEscalation: false,
          capabilities: { drop: ['ALL'] },
        });
        if (name !== 'haproxy') expect(securityContext).toMatchObject({ runAsUser: UID });
      }
      expect(containers.filter(({ ports }) => ports !== undefined)).toHaveLength(1);
    });
  });
}

/** Debian's HAProxy, under the name of the image. */
async function importHaproxy({ directory, engine }: ContainerSite): Promise<void> {
  const tree = await createImageTree(join(directory, 'haproxy'), HAPROXY_PACKAGES);
  await tree.write('etc/passwd', 'haproxy:x:99:99::/var/lib/haproxy:/usr/sbin/nologin\n');
  await tree.write('etc/group', 'haproxy:x:99:\n');
  await engine.importTree(tree.path, HAPROXY);
}

/** The manifest with the paths of the test's host. */
async function writeManifest(site: ContainerSite, data: string): Promise<string> {
  const configuration = join(site.directory, 'haproxy.cfg');
  await cp(join(DEPLOY, 'haproxy', 'haproxy.cfg'), configuration);
  const shipped = await readFile(MANIFEST, 'utf8');
  const path = join(site.directory, 'portolan-pod.yaml');
  const own = shipped
    .replaceAll(/path: \/var\/lib\/portolan(?=$|\/)/gm, `path: ${data}`)
    .replace('path: /etc/portolan/haproxy.cfg', `path: ${configuration}`);
  await writeFile(path, own);
  return path;
}

async function makeCertificates({ engine }: ContainerSite, data: string): Promise<void> {
  const run = (...command: string[]) =>
    engine.mustPodman('run --rm --network none', [
      `--volume=${data}:/var/lib/portolan`,
      IMAGE,
      ...command,
    ]);
  await run('ca', 'init', '--name', NAME);
  await run('ca', 'issue', NAME, `*.${NAME}`);
}

async function untilAnswered(client: ProxiedClient, log: () => Promise<string>): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    const statuses = await Promise.all(
      ['/readyz', '/v2/'].map((path) =>
        client.send({ host: NAME, path }).then(
          ({ status }) => status,
          () => 0,
        ),
      ),
    );
    if (statuses[0] === 200 && statuses[1] === 401) return;
    if (attempt === 60) throw new Error(`${statuses.join()} from the pod:\n${await log()}`);
    await delay(500);
  }
}

function playedTests(site: () => ContainerSite): void {
  describe('the pod in podman', () => {
    let client: ProxiedClient;
    let data: string;
    let manifest: string;

    beforeAll(async () => {
      const { engine, network } = site();
      data = await site().makeDataDirectory('pod-data');
      await importHaproxy(site());
      await makeCertificates(site(), data);
      manifest = await writeManifest(site(), data);
      await engine.mustPodman('kube play', [manifest]);
      client = createProxiedClient({
        httpSocket: await network.openPort(80),
        httpsSocket: await network.openPort(443),
        ca: await readFile(join(data, 'ca', 'ca.crt')),
      });
      const logOf = async (name: string): Promise<string> =>
        `${name}:\n${(await engine.podman(`logs portolan-${name}`)).output}`;
      await untilAnswered(client, async () =>
        (await Promise.all(['auth', 'registry', 'haproxy'].map(logOf))).join('\n'),
      );
      // It takes half a minute, and once took more than two: images are copied in whole, by `vfs`.
    }, 400_000);

    test('is pushed to and pulled from by its name', async () => {
      const password = (await readFile(join(data, 'admin-password'), 'utf8')).trim();
      // podman takes every file in there for one of its own.
      const trusted = join(site().directory, 'trusted');
      await mkdir(trusted);
      await cp(join(data, 'ca', 'ca.crt'), join(trusted, 'ca.crt'));
      await pushAndPull(site(), { host: NAME, password }, [`--cert-dir=${trusted}`]);
    });

    test('sends plain HTTP to HTTPS, and gives out its authority', async () => {
      const sent = await client.send({ scheme: 'http', host: NAME, path: '/v2/' });
      expect(sent.status).toBe(308);
      expect(sent.headers.get('location')).toBe(`https://${NAME}/v2/`);
      const ca = await client.send({ scheme: 'http', host: NAME, path: '/ca.crt' });
      expect(ca.bytes).toEqual(await readFile(join(data, 'ca', 'ca.crt')));
    });

    test.each(['auth', 'registry'])('finds its %s healthy', async (name) => {
      await site().engine.mustPodman(`exec portolan-${name} portolan health`);
    });

    test('ends when it is told to', async () => {
      const { engine } = site();
      await engine.mustPodman('pod stop --time 30 portolan');
      for (const name of ['auth', 'registry']) {
        const field = '{{.State.ExitCode}}';
        const { stdout } = await engine.mustPodman(`inspect --format ${field} portolan-${name}`);
        expect(stdout.trim(), name).toBe('0');
      }
      await engine.mustPodman('kube play --down', [manifest]);
    });
  });
}

export function podTests(site: () => ContainerSite): void {
  manifestTests();
  playedTests(site);
}
