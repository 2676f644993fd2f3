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
const ONE = ['portolan.socket', 'portolan-redirect.socket', 'portolan.service'];
const TWO = [
  ...['auth', 'registry'].flatMap((half) => [
    `portolan-${half}.socket`,
    `portolan-${half}.service`,
  ]),
  'portolan-connect.service',
];

/** What a block is to show, by its name. */
const SHOWN: Readonly<Record<string, readonly RegExp[]>> = {
  'see that they run': [/ok running: ready at unix:\S+auth\.sock, unix:\S+registry\.sock\n/],
  'check the CONNECT service': [
    /ok connect: connect:\/\/\[::\]:3128 connects to registry\.lan:443/,
  ],
};

/** What of a script works where systemd does not run: `portolan` goes by what is enabled. */
function enabling(script: string): string {
  const lines = script.split('\n').filter((line) => /^systemctl (en|dis)able /.test(line));
  return lines.map((line) => line.replace(' --now', '')).join('\n');
}

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

  async function start(name: string, sockets: readonly string[], ready: string): Promise<void> {
    // A scheduled run may begin at any time.
    services.push(await startUnit(on('box'), { name, sockets, ready, variables: LOOPBACK }));
  }

  async function startService(): Promise<void> {
    // What RuntimeDirectory= does.
    await on('box').must('install -d -o portolan -g portolan /run/portolan');
    await start('portolan', ['portolan', 'portolan-redirect'], ANSWERS);
  }

  async function startHalf(half: string): Promise<void> {
    const name = `portolan-${half}`;
    const ready = `curl -fs --unix-socket /run/portolan/${half}.sock http://registry.lan/livez`;
    await start(name, [name], ready);
  }

  async function startHalves(): Promise<void> {
    for (const half of ['auth', 'registry']) await startHalf(half);
    const box = on('box');
    services.push(
      await startDaemon({
        ...box.inside('/usr/sbin/haproxy', ['-W', '-db', '-f', '/etc/haproxy/haproxy.cfg']),
        logFile: join(box.directory, 'haproxy.log'),
        isReady: async () => (await box.sh(ANSWERS)).code === 0,
      }),
    );
  }

  async function startConnect(): Promise<void> {
    const ready = 'curl -fks --proxy http://127.0.0.1:3128 https://registry.lan/livez';
    await start('portolan-connect', [], ready);
  }

  async function turnTo(enabled: readonly string[], others: readonly string[]): Promise<void> {
    await stopServices();
    const lines = [
      `systemctl disable ${others.join(' ')}`,
      `systemctl enable ${enabled.join(' ')}`,
    ];
    await on('box').must(enabling(lines.join('\n')));
  }

  async function haveOne(): Promise<void> {
    await turnTo(ONE, TWO);
    await startService();
    expect((await run(on('box'), 'portolan health')).output).toContain('/portolan.sock');
  }

  async function haveTwo(): Promise<void> {
    await turnTo(TWO, ONE);
    await startHalves();
    await startConnect();
    expect((await run(on('box'), 'portolan health')).output).toContain('/auth.sock');
  }

  /** What systemd would do, by the name of the block. */
  const instead: Readonly<Record<string, () => Promise<void>>> = {
    'start the service': startService,
    'restart the service': async () => {
      await stopServices();
      await startService();
    },
    'stop the service': stopServices,
    'start the halves': startHalves,
    'start the CONNECT service': startConnect,
    'restart one service': haveOne,
    'restart two services': haveTwo,
    'stop all': stopServices,
    'start one service': haveOne,
    'start two services': haveTwo,
    'stop all again': stopServices,
    'start the old one': haveTwo,
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
      await on(machine).must(enabling(script));
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
    for (const shown of SHOWN[name] ?? []) expect(output).toMatch(shown);
  });
});
