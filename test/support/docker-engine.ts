// Debian's dockerd with a root of its own. It accepts plain HTTP for 127.0.0.0/8 without settings.
import { mkdir, writeFile } from 'node:fs/promises';
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
  /** Writes the config.json, with logins that are none of ours. */
  configure(settings: object): Promise<void>;
}

export interface DockerEngine {
  /** `variables` are added to the environment of its commands. */
  user(name: string, variables?: Readonly<Record<string, string>>): Promise<DockerUser>;
  /** Makes an image with one new layer. */
  importImage(reference: string): Promise<void>;
  stop(): Promise<void>;
}

const DOCKER = '/usr/bin/docker';

interface UserDeps {
  readonly host: string;
  readonly inside: NetworkNamespace['inside'];
  /** Of the logins. */
  readonly directory: string;
  readonly variables: Readonly<Record<string, string>>;
}

function createUser({ host, inside, directory, variables }: UserDeps): DockerUser {
  const docker = (line: string, input?: string): Promise<CommandResult> => {
    const command = inside(DOCKER, ['-H', host, '--config', directory, ...words(line)]);
    return runCommand(command.file, command.args, {
      ...(input === undefined ? {} : { input }),
      env: { HOME: directory, ...variables },
    });
  };
  return {
    docker,
    login: (registry, name, password) =>
      docker(`login --username ${name} --password-stdin ${registry}`, password),
    configure: (settings) => writeFile(join(directory, 'config.json'), JSON.stringify(settings)),
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
    user: async (name, variables = {}) => {
      const directory = join(scratch.path, 'users', name);
      await mkdir(directory, { recursive: true });
      return createUser({ host, inside, directory, variables });
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
