// The seed's box on a network of the test's own: HAProxy with the file that is shipped, in front of
// `portolan serve registry` and `portolan serve auth` on unix sockets, with certificates of the built-in
// authority. It mirrors two images from a registry that stands in for Docker Hub and for Quay, and that
// wants a login.
import { randomBytes } from 'node:crypto';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { LOOPBACK, type Mirror, mirrorOn, openClient } from '../mirror/world.ts';
import { type Daemon, startDaemon } from '../support/daemon.ts';
import {
  type DebianRegistry,
  HTPASSWD_USER,
  startDebianRegistry,
} from '../support/debian-registry.ts';
import { type Halves, prepareHalves } from '../support/portolan-halves.ts';
import { pushImage } from '../support/registry-client.ts';
import { basic } from '../support/request-token.ts';
import { createScratchDirectory } from '../support/scratch-directory.ts';
import { makeRunnableImages, type RunnableImages } from './images.ts';
import { createMachine, type Machine } from './machine.ts';
import { createNode, type Node } from './node.ts';

const SHIPPED = join(import.meta.dirname, '../../deploy/haproxy/haproxy.cfg');

/** May pull what the team's mirrors hold. */
export const FLAVIO = { name: 'flavio', password: randomBytes(18).toString('base64url') } as const;
/** A login at Docker Hub, which is none of our business. */
export const HUB_LOGIN = { name: 'hub-canary', password: 'hub-canary-password' } as const;

/** With `root`, what these tests need besides an engine. */
export const WORLD_NEEDS = ['busybox-static', 'docker-registry', 'haproxy', 'iproute2'] as const;

const LOGGED = { ...LOOPBACK, PORTOLAN_LOG_LEVEL: 'debug' } as const;

export interface World {
  readonly images: RunnableImages;
  readonly mirror: Mirror;
  /** Where HAProxy is; nodes reach it as registry.lan. */
  readonly box: Machine;
  addNode(): Promise<Node>;
  setVisibility(visibility: 'public' | 'private'): Promise<void>;
  /** No password in any log of Portolan's processes or of HAProxy. */
  expectNoSecrets(): Promise<void>;
  stop(): Promise<void>;
}

export interface WorldOptions {
  /** Names of upstreams that nodes are led here under, by DNS. */
  readonly impersonates?: readonly string[];
  /** Registries that the authority may issue for, of which no certificate is made beforehand. */
  readonly permits?: readonly string[];
}

async function startUpstream(images: RunnableImages): Promise<DebianRegistry[]> {
  const open = await startDebianRegistry();
  await pushImage(openClient(open.url), 'library/busybox', images.busybox, 'musl');
  await pushImage(openClient(open.url), 'coreos/etcd', images.etcd, 'v3.1');
  // Of the same content, so that it needs no login to be filled.
  return [await startDebianRegistry(undefined, { content: open.content, hasLogin: true }), open];
}

async function makeCertificates(
  mirror: Mirror,
  { impersonates = [], permits = [] }: WorldOptions,
): Promise<void> {
  const others = [...impersonates, ...permits].map((name) => `--impersonate ${name}`).join(' ');
  await mirror.must(`ca init --name registry.lan ${others}`);
  await mirror.must('ca issue registry.lan *.registry.lan');
  if (impersonates.length > 0) await mirror.must(`ca issue ${impersonates.join(' ')}`);
}

async function fill(mirror: Mirror, upstream: DebianRegistry, directory: string): Promise<void> {
  const secrets = { theirs: HTPASSWD_USER.password, flavio: FLAVIO.password };
  for (const [name, text] of Object.entries(secrets)) {
    await writeFile(join(directory, name), text, { mode: 0o600 });
  }
  const login = `--username ${HTPASSWD_USER.name} --password-file ${join(directory, 'theirs')}`;
  for (const host of ['docker.io', 'quay.io']) {
    await mirror.must(`upstream set ${host} --endpoint ${upstream.url} ${login}`);
  }
  await mirror.must('mirror add docker.io/library/busybox --tags musl');
  await mirror.must('mirror add quay.io/coreos/etcd --tags v3.1');
  await mirror.must('mirror sync');
  await mirror.must(`user create flavio --password-file ${join(directory, 'flavio')}`);
  await mirror.must('team create mirrors');
  await mirror.must('team add-member mirrors flavio --role viewer');
  for (const host of ['docker.io', 'quay.io']) {
    await mirror.must(`namespace set ${host} --team mirrors --visibility public`);
  }
}

/** With the condition for other registries' names uncommented, where there are any. */
async function readProxyFile(names: readonly string[] = []): Promise<string> {
  const text = await readFile(SHIPPED, 'utf8');
  if (names.length === 0) return text;
  const edited = text
    .replace(/#(acl is_upstream .* -m str) .*/, `$1 ${names.join(' ')}`)
    .replace('is_below is_label', 'is_below is_label || is_upstream');
  expect(edited.match(/is_upstream/g)).toHaveLength(3);
  return edited;
}

async function startProxy(box: Machine, halves: Halves, text: string): Promise<Daemon> {
  const file = join(box.directory, 'haproxy.cfg');
  await writeFile(file, text);
  return startDaemon({
    // With a master that stays root, so that it ends with the test.
    ...box.inside('/usr/sbin/haproxy', ['-W', '-db', '-f', file]),
    env: {
      PORTOLAN_CERTIFICATES: join(halves.dataDir, 'tls'),
      PORTOLAN_REGISTRY_SOCKET: halves.sockets.registry,
      PORTOLAN_AUTH_SOCKET: halves.sockets.auth,
    },
    logFile: join(box.directory, 'proxy.log'),
    isReady: async () => (await box.sh('curl -fks https://registry.lan/livez')).code === 0,
  });
}

async function setVisibility(mirror: Mirror, visibility: 'public' | 'private'): Promise<void> {
  for (const host of ['docker.io', 'quay.io']) {
    await mirror.must(`namespace set ${host} --visibility ${visibility}`);
  }
}

function expectNoSecretsIn(logs: string): void {
  for (const login of [HTPASSWD_USER, FLAVIO, HUB_LOGIN]) {
    const [, encoded = ''] = basic(login).split(' ');
    for (const secret of [login.password, encoded]) expect(logs).not.toContain(secret);
  }
}

export async function startWorld(options: WorldOptions = {}): Promise<World> {
  const scratch = await createScratchDirectory('world');
  const directory = scratch.path;
  // HAProxy does not open its sockets as root.
  await chmod(directory, 0o755);
  const images = await makeRunnableImages(directory);
  const upstreams = await startUpstream(images);
  const halves = await prepareHalves({ directory, group: 'haproxy', env: LOGGED });
  const auth = await halves.start('auth');
  const registry = await halves.start('registry');
  const mirror = mirrorOn(auth);
  await makeCertificates(mirror, options);
  const [upstream] = upstreams;
  if (upstream !== undefined) await fill(mirror, upstream, directory);
  const box = await createMachine('box');
  await box.addHosts('127.0.0.1', ['registry.lan']);
  const proxy = await startProxy(box, halves, await readProxyFile(options.impersonates));
  const nodes: Node[] = [];
  return {
    images,
    mirror,
    box,
    addNode: async () => {
      const node = await createNode(box, join(halves.dataDir, 'ca/ca.crt'));
      nodes.push(node);
      return node;
    },
    setVisibility: (visibility) => setVisibility(mirror, visibility),
    expectNoSecrets: async () => {
      const proxied = await readFile(join(box.directory, 'proxy.log'), 'utf8');
      expectNoSecretsIn(auth.logs() + registry.logs() + proxied);
    },
    async stop() {
      const inOrder = [...nodes, proxy, box, registry, auth, ...upstreams];
      for (const each of inOrder) await each.stop();
      await scratch.remove();
    },
  };
}
