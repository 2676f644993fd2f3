// Debian's dockerd with a root of its own. It accepts plain HTTP for 127.0.0.0/8 without settings.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { startDaemon } from './daemon.ts';
import type { NetworkNamespace } from './network-namespace.ts';
import { type CommandResult, runCommand, words } from './run-command.ts';
import { createRootTree } from './root-tree.ts';
import { createScratchDirectory } from './scratch-directory.ts';

/** One person at a terminal: logins are kept in a configuration directory of their own. */
export interface DockerUser {
  /** `line` is the arguments as one would type them. */
  docker(line: string, input?: string): Promise<CommandResult>;
  login(host: string, name: string, password: string): Promise<CommandResult>;
}

export interface DockerEngine {
  user(name: string): Promise<DockerUser>;
  /** Makes an image with one new layer. */
  importImage(reference: string): Promise<void>;
  stop(): Promise<void>;
}

const DOCKER = '/usr/bin/docker';

function createUser(host: string, configDirectory: string): DockerUser {
  const docker = (line: string, input?: string): Promise<CommandResult> =>
    runCommand(DOCKER, ['-H', host, '--config', configDirectory, ...words(line)], {
      ...(input === undefined ? {} : { input }),
      env: { HOME: configDirectory },
    });
  return {
    docker,
    login: (registry, name, password) =>
      docker(`login --username ${name} --password-stdin ${registry}`, password),
  };
}

export interface DockerEngineOptions {
  /** Runs it elsewhere, such as in a network namespace. */
  readonly inside?: NetworkNamespace['inside'];
  /** Added to its environment. */
  readonly env?: Readonly<Record<string, string>>;
}

const outside: NetworkNamespace['inside'] = (file, args) => ({ file, args: [...args] });

/** @param more arguments of dockerd beside those of the test */
export async function startDockerEngine(
  more: readonly string[] = [],
  { inside = outside, env = {} }: DockerEngineOptions = {},
): Promise<DockerEngine> {
  const scratch = await createScratchDirectory('docker');
  const host = `unix://${join(scratch.path, 'docker.sock')}`;
  const daemon = await startDaemon({
    ...inside('/usr/sbin/dockerd', [
      `--data-root=${join(scratch.path, 'data')}`,
      `--exec-root=${join(scratch.path, 'exec')}`,
      `--pidfile=${join(scratch.path, 'pid')}`,
      `--host=${host}`,
      '--iptables=false',
      '--ip6tables=false',
      '--bridge=none',
      '--storage-driver=vfs',
      ...more,
    ]),
    env: { HOME: scratch.path, ...env },
    logFile: join(scratch.path, 'log'),
    isReady: async () => (await runCommand(DOCKER, ['-H', host, 'version'])).code === 0,
  });
  return {
    user: async (name) => {
      const directory = join(scratch.path, 'users', name);
      await mkdir(directory, { recursive: true });
      return createUser(host, directory);
    },
    importImage: async (reference) => {
      const archive = await createRootTree(scratch.path, reference.replaceAll(/[^a-z0-9]/g, '-'));
      const result = await runCommand(DOCKER, ['-H', host, 'import', archive, reference]);
      if (result.code !== 0) throw new Error(result.output);
    },
    stop: async () => {
      await daemon.stop();
      await scratch.remove();
    },
  };
}
