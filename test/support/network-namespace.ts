// A machine of its own, as far as the network goes: ports 80 and 443 are free in it, host names mean what
// the test says, and no packet gets out. Files, and so unix sockets, are shared with the test.
import { once } from 'node:events';
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Daemon, startDaemon } from './daemon.ts';
import { type CommandOptions, type CommandResult, runCommand } from './run-command.ts';
import { createScratchDirectory } from './scratch-directory.ts';

export interface NamespaceOptions {
  /** Names that are 127.0.0.1 in it. */
  readonly hosts: readonly string[];
  /** An address besides 127.0.0.1, to connect from. */
  readonly clientAddress: string;
}

export interface NetworkNamespace {
  /** Runs a program in it, as the function of the same name does outside. */
  runCommand(
    file: string,
    args: readonly string[],
    options?: CommandOptions,
  ): Promise<CommandResult>;
  /** A program, as `startDaemon` takes it, that runs in it. */
  readonly inside: (file: string, args: readonly string[]) => { file: string; args: string[] };
  /** The path of a unix socket that leads to a port of its loopback, from the client's address. */
  openPort(port: number): Promise<string>;
  stop(): Promise<void>;
}

const NSENTER = '/usr/bin/nsenter';
const RELAY = join(import.meta.dirname, 'namespace-relay.ts');

const SETUP = `
  ip link set lo up && ip address add "$2/32" dev lo && mount --bind "$1" /etc/hosts && echo ready
  exec sleep infinity
`;

/** The process that the namespaces live as long as. */
async function startHolder(hostsFile: string, clientAddress: string) {
  const unshare = ['/usr/bin/unshare', '--net', '--mount', '--propagation', 'private'];
  const shell = ['/bin/sh', '-c', SETUP, 'sh', hostsFile, clientAddress];
  const holder = spawn('/usr/bin/setpriv', ['--pdeathsig', 'KILL', ...unshare, ...shell], {
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const first = await Promise.race([once(holder.stdout, 'data'), once(holder, 'exit')]);
  if (String(first[0]).trim() === 'ready') return holder;
  throw new Error(`no network namespace: ${String(first[0])}`);
}

export async function createNetworkNamespace(options: NamespaceOptions): Promise<NetworkNamespace> {
  const scratch = await createScratchDirectory('netns');
  const hostsFile = join(scratch.path, 'hosts');
  await writeFile(hostsFile, `127.0.0.1 localhost ${options.hosts.join(' ')}\n`);
  const holder = await startHolder(hostsFile, options.clientAddress);
  const relays: Daemon[] = [];
  const inside: NetworkNamespace['inside'] = (file, args) => ({
    file: NSENTER,
    args: [`--target=${holder.pid}`, '--net', '--mount', `--wd=${scratch.path}`, file, ...args],
  });
  return {
    inside,
    runCommand: (file, args, more) => {
      const entered = inside(file, args);
      return runCommand(entered.file, entered.args, more);
    },
    async openPort(port) {
      const path = join(scratch.path, `${port}.sock`);
      const relay = inside(process.execPath, [RELAY, path, String(port), options.clientAddress]);
      const isReady = async (): Promise<boolean> =>
        (await runCommand('/usr/bin/test', ['-S', path])).code === 0;
      const logFile = join(scratch.path, 'relay.log');
      relays.push(await startDaemon({ ...relay, logFile, isReady }));
      return path;
    },
    async stop() {
      for (const relay of relays) await relay.stop();
      const exit = once(holder, 'exit');
      holder.kill('SIGKILL');
      await exit;
      await scratch.remove();
    },
  };
}
