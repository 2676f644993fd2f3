// Every command block of docs/one-box.md, and then of docs/upgrade.md, that can be is run, in the order of the
// document, as root of a machine of the test's own: with the user, the units, the ports and the names that
// the document says.
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LOOPBACK, openClient } from '../mirror/world.ts';
import { createMachine, type Machine } from '../network/machine.ts';
import { type Daemon, startDaemon } from '../support/daemon.ts';
import { describeWith } from '../support/debian-package.ts';
import { startDebianRegistry } from '../support/debian-registry.ts';
import { makeImage } from '../support/image.ts';
import { pushImage } from '../support/registry-client.ts';
import type { CommandResult } from '../support/run-command.ts';
import { createScratchDirectory, type ScratchDirectory } from '../support/scratch-directory.ts';
import { findCommandBlocks } from './command-blocks.ts';
import { readDocument, ROOT } from './documents.ts';
import { startUnit } from './unit-process.ts';

const BOX = '192.0.2.10';
const NODE = '192.0.2.20';
const UPSTREAM = '127.0.0.1:5000';

const BLOCKS = ['docs/one-box.md', 'docs/upgrade.md'].flatMap((document) =>
  findCommandBlocks(readDocument(document)),
);

/** The program is where the document has cloned it to, and nothing else is in the way. */
const PREPARE = `
  mount -t tmpfs tmpfs /opt; mkdir /opt/portolan; mount --bind ${ROOT} /opt/portolan
  mount -t tmpfs tmpfs /usr/local/bin
  rm -f /etc/haproxy/haproxy.cfg; mkdir -p /var/lib/haproxy
`;

const ANSWERS = 'curl -fks --max-time 5 https://registry.lan/livez';

/** A registry of the test as the document's Docker Hub and Quay, on the box itself. */
async function startUpstream(box: Machine, content: string): Promise<Daemon> {
  const settings = { rootdirectory: content };
  const file = join(box.directory, 'upstream.json');
  const config = { version: 0.1, storage: { filesystem: settings }, http: { addr: UPSTREAM } };
  await box.sh(`cat >${file}`, { input: JSON.stringify(config) });
  return startDaemon({
    ...box.inside('/usr/bin/docker-registry', ['serve', file]),
    logFile: join(box.directory, 'upstream.log'),
    isReady: async () => (await box.sh(`curl -fs http://${UPSTREAM}/v2/`)).code === 0,
  });
}

const NEEDS = ['docker-registry', 'haproxy', 'iproute2', 'skopeo', 'systemd'] as const;

describeWith({ packages: NEEDS, root: true }, 'one-box.md and upgrade.md', () => {
  const machines = new Map<string, Machine>();
  const services: Daemon[] = [];
  const upstreams: { stop(): Promise<unknown> }[] = [];
  let scratch: ScratchDirectory;

  function on(name: string): Machine {
    const machine = machines.get(name);
    if (machine === undefined) throw new Error(`no machine ${name}`);
    return machine;
  }

  async function stopServices(): Promise<void> {
    for (const service of services.splice(0).toReversed()) await service.stop();
  }

  async function startService(): Promise<void> {
    const sockets = ['portolan', 'portolan-redirect'];
    // What RuntimeDirectory= does.
    await on('box').must('install -d -o portolan -g portolan /run/portolan');
    services.push(await startUnit(on('box'), { name: 'portolan', sockets, ready: ANSWERS }));
  }

  async function startHalf(half: string): Promise<void> {
    const name = `portolan-${half}`;
    const ready = `curl -fs --unix-socket /run/portolan/${half}.sock http://registry.lan/livez`;
    services.push(await startUnit(on('box'), { name, sockets: [name], ready }));
  }

  /** What systemd would do, by the name of the block. */
  const instead: Readonly<Record<string, () => Promise<void>>> = {
    'start the service': startService,
    'restart the service': async () => {
      await stopServices();
      await startService();
    },
    'stop the service': stopServices,
    'stop it again': stopServices,
    'start the old one': startService,
    'start the halves': async () => {
      for (const half of ['auth', 'registry']) await startHalf(half);
      const box = on('box');
      services.push(
        await startDaemon({
          ...box.inside('/usr/sbin/haproxy', ['-W', '-db', '-f', '/etc/haproxy/haproxy.cfg']),
          logFile: join(box.directory, 'haproxy.log'),
          isReady: async () => (await box.sh(ANSWERS)).code === 0,
        }),
      );
    },
  };

  function run(machine: Machine, script: string): Promise<CommandResult> {
    const env = {
      ...LOOPBACK,
      HOME: machine.directory,
      PATH: '/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    };
    return machine.sh(script.replaceAll('/tmp/', `${scratch.path}/`), { env });
  }

  beforeAll(async () => {
    scratch = await createScratchDirectory('one-box');
    // The service's user writes there, too, as it does to /tmp.
    await chmod(scratch.path, 0o777);
    const box = await createMachine('box');
    machines.set('box', box);
    machines.set('node', await createMachine('node'));
    await box.plug(`${BOX}/32 peer ${NODE}`, on('node'), `${NODE}/32 peer ${BOX}`);
    await box.must(PREPARE);
    const filled = await startDebianRegistry();
    upstreams.push(filled);
    await pushImage(openClient(filled.url), 'library/busybox', makeImage(), 'musl');
    await pushImage(openClient(filled.url), 'coreos/etcd', makeImage(), 'v3.1');
    upstreams.push(await startUpstream(box, filled.content));
  });

  afterAll(async () => {
    await stopServices();
    for (const upstream of upstreams.toReversed()) await upstream.stop();
    for (const machine of machines.values()) await machine.stop();
    await scratch?.remove();
  });

  test.each(BLOCKS)('$name', async ({ name, machine, script, isReplaced }) => {
    if (isReplaced) {
      const replacement = instead[name];
      if (replacement === undefined) throw new Error('the test has nothing in its place');
      await replacement();
      return;
    }
    if (name === 'mirror') {
      const sets = ['docker.io', 'quay.io'].map(
        (host) => `portolan upstream set ${host} --endpoint http://${UPSTREAM}`,
      );
      expect((await run(on('box'), sets.join('\n'))).code).toBe(0);
    }
    const { code, output } = await run(on(machine), script);
    expect(code, `${script}\n${output}`).toBe(0);
  });
});
