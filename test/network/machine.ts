// A machine for a test: network and mounts of its own, with its own /etc, /run and /var/lib, so that engines
// find their configuration and their trust where they always do, and ports 80 and 443 are free. /tmp is
// shared with the test. It has no route to anywhere but the machines that it is plugged to.
import { once } from 'node:events';
import { type ChildProcess, spawn } from 'node:child_process';
import { appendFile, cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { NetworkNamespace } from '../support/network-namespace.ts';
import { type CommandOptions, type CommandResult, runCommand } from '../support/run-command.ts';
import { createScratchDirectory } from '../support/scratch-directory.ts';

export interface Machine {
  /** Its directory of /tmp, under the same path inside. */
  readonly directory: string;
  /** A program, as `startDaemon` takes it, that runs on it. */
  readonly inside: NetworkNamespace['inside'];
  /** Runs a shell script on it, whatever comes of it. */
  sh(script: string, options?: CommandOptions): Promise<CommandResult>;
  /** The same, which must end with 0. */
  must(script: string): Promise<CommandResult>;
  /** Adds a line to its /etc/hosts; of two lines with one name the first counts. */
  addHosts(address: string, names: readonly string[]): Promise<void>;
  /** Lets it and `other` reach each other, at these addresses with their prefix lengths. */
  plug(own: string, other: Machine, others: string): Promise<void>;
  stop(): Promise<void>;
}

const pids = new WeakMap<Machine, number>();

const SETUP = `
  mount --bind "$1/etc" /etc
  mount --bind "$1/trusted" /usr/local/share/ca-certificates
  mount -t tmpfs tmpfs /run
  mount -t tmpfs tmpfs /var/lib
  ip link set lo up
  echo ready
  exec sleep infinity
`;

/** The process that the namespaces live as long as. */
async function startHolder(directory: string): Promise<ChildProcess> {
  const unshare = ['/usr/bin/unshare', '--net', '--mount', '--propagation', 'private'];
  const shell = ['/bin/sh', '-ec', SETUP, 'sh', directory];
  const holder = spawn('/usr/bin/setpriv', ['--pdeathsig', 'KILL', ...unshare, ...shell], {
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const first = await Promise.race([once(holder.stdout, 'data'), once(holder, 'exit')]);
  if (String(first[0]).trim() === 'ready') return holder;
  throw new Error(`no machine: ${String(first[0])}`);
}

async function prepareEtc(directory: string): Promise<void> {
  const etc = join(directory, 'etc');
  await mkdir(join(directory, 'trusted'));
  await cp('/etc', etc, { recursive: true, verbatimSymlinks: true });
  // Without a name server the resolver asks this machine, which refuses at once.
  const own = { hosts: '127.0.0.1 localhost\n', 'resolv.conf': '' };
  for (const [name, text] of Object.entries(own)) {
    // A link of the real /etc must not be followed.
    await rm(join(etc, name), { force: true });
    await writeFile(join(etc, name), text);
  }
}

let plugs = 0;

export async function createMachine(name: string): Promise<Machine> {
  const scratch = await createScratchDirectory(name);
  const directory = scratch.path;
  await prepareEtc(directory);
  const holder = await startHolder(directory);
  const enter = [`--target=${holder.pid}`, '--net', '--mount', `--wdns=${directory}`];
  const inside: Machine['inside'] = (file, args) => ({
    file: '/usr/bin/nsenter',
    args: [...enter, file, ...args],
  });
  const sh: Machine['sh'] = (script, options) => {
    const entered = inside('/bin/sh', ['-ec', script]);
    return runCommand(entered.file, entered.args, { env: { HOME: directory }, ...options });
  };
  const must: Machine['must'] = async (script) => {
    const result = await sh(script);
    if (result.code === 0) return result;
    throw new Error(`on ${name}: ${script}\n${result.output}`);
  };
  const machine: Machine = {
    directory,
    inside,
    sh,
    must,
    addHosts: (address, names) =>
      appendFile(join(directory, 'etc/hosts'), `${address} ${names.join(' ')}\n`),
    async plug(own, other, others) {
      const link = `link${plugs++}`;
      await must(`ip link add ${link} type veth peer name ${link} netns ${pids.get(other)}`);
      const up = (address: string): string =>
        `ip address add ${address} dev ${link}; ip link set ${link} up`;
      await must(up(own));
      await other.must(up(others));
    },
    async stop() {
      const exit = once(holder, 'exit');
      holder.kill('SIGKILL');
      await exit;
      await scratch.remove();
    },
  };
  pids.set(machine, holder.pid ?? 0);
  return machine;
}
