// A machine with an engine on it: it reaches the box and nothing else, trusts what a person was told to let
// it trust, and every other registry of the world is a trap that notes who comes.
import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Daemon, startDaemon } from '../support/daemon.ts';
import { runCommand } from '../support/run-command.ts';
import { createMachine, type Machine } from './machine.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const TRAP = join(import.meta.dirname, 'trap.ts');
const TRAP_ADDRESS = '198.51.100.66';
export const BOX_ADDRESS = '10.77.0.1';

/** Where engines go for the registries of these tests. */
export const UPSTREAM_HOSTS = [
  'docker.io',
  'index.docker.io',
  'auth.docker.io',
  'registry-1.docker.io',
  'quay.io',
  'registry.example',
];

export interface Node extends Machine {
  /** The file with the authority's certificate. */
  readonly authority: string;
  /** `portolan client config <line>`, installed on this machine. */
  configure(line: string): Promise<void>;
  /** Lets the whole system trust the authority, as `portolan ca trust debian` says. */
  trustBySystem(): Promise<void>;
  /** `HOST:PORT` of every connection so far that was for somebody else than the box. */
  dialled(): Promise<string[]>;
}

async function waitForFile(file: string): Promise<boolean> {
  return (await runCommand('/usr/bin/test', ['-e', file])).code === 0;
}

async function startTrap(machine: Machine, file: string): Promise<Daemon> {
  await machine.must(`ip address add ${TRAP_ADDRESS}/32 dev lo`);
  return startDaemon({
    ...machine.inside(process.execPath, [TRAP, TRAP_ADDRESS, file]),
    logFile: join(machine.directory, 'trap.log'),
    isReady: () => waitForFile(file),
  });
}

/** The certificate as clients get it, compared with the authority's own file. */
async function fetchAuthority(machine: Machine, caFile: string): Promise<string> {
  const copy = join(machine.directory, 'portolan-ca.crt');
  await machine.must(`curl -fsSo ${copy} http://registry.lan/ca.crt`);
  const [got, own] = [await readFile(copy, 'utf8'), await readFile(caFile, 'utf8')];
  if (got.trim() !== own.trim()) throw new Error('/ca.crt is another certificate');
  return copy;
}

let nodes = 0;

/** @param box a machine where HAProxy listens on every address */
export async function createNode(box: Machine, caFile: string): Promise<Node> {
  const machine = await createMachine('node');
  const dialledFile = join(machine.directory, 'dialled');
  const trap = await startTrap(machine, dialledFile);
  const address = `10.77.0.${10 + nodes++}`;
  await box.plug(`${BOX_ADDRESS}/32 peer ${address}`, machine, `${address}/32 peer ${BOX_ADDRESS}`);
  const names = ['registry.lan', 'docker-io.registry.lan', 'quay-io.registry.lan'];
  await machine.addHosts(BOX_ADDRESS, names);
  await machine.addHosts(TRAP_ADDRESS, UPSTREAM_HOSTS);
  const authority = await fetchAuthority(machine, caFile);
  const program = `${process.execPath} packages/cli/src/main.ts`;
  return {
    ...machine,
    authority,
    configure: async (line) => {
      const options = `--registry https://registry.lan --ca ${authority} --install /`;
      await machine.must(`cd ${ROOT}; ${program} client config ${line} ${options}`);
    },
    trustBySystem: async () => {
      const place = '/usr/local/share/ca-certificates/portolan.crt';
      await machine.must(`install -m 644 ${authority} ${place}; update-ca-certificates`);
    },
    dialled: async () =>
      (await readFile(dialledFile, 'utf8')).split('\n').filter((line) => line !== ''),
    async stop() {
      await trap.stop();
      await machine.stop();
    },
  };
}

/** From now on the names of the upstreams lead to the box. */
export async function overrideNames(node: Node, names: readonly string[]): Promise<void> {
  const file = join(node.directory, 'etc/hosts');
  const kept = await readFile(file, 'utf8');
  // The first line counts. The file is bound to its place, so it is written and not replaced.
  await writeFile(file, `${BOX_ADDRESS} ${names.join(' ')}\n${kept}`);
}
