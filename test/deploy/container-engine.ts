// Debian's podman and buildah with a store of their own, in a network of their own: the ports that they
// publish and the bridges that they make are not this machine's.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { NetworkNamespace } from '../support/network-namespace.ts';
import { type CommandResult, runOrThrow, words } from '../support/run-command.ts';

export interface ContainerEngine {
  /** `line` is split at spaces; what holds some goes into `more`. */
  podman(line: string, more?: readonly string[]): Promise<CommandResult>;
  /** The same, for what must succeed. */
  mustPodman(line: string, more?: readonly string[]): Promise<CommandResult>;
  mustBuildah(line: string, more?: readonly string[]): Promise<CommandResult>;
  /** Makes an image of a directory, without asking anybody else. */
  importTree(tree: string, reference: string, variables?: Variables): Promise<void>;
  /** Everything that runs ends. */
  stop(): Promise<void>;
}

export type Variables = Readonly<Record<string, string>>;

export interface EngineOptions {
  readonly directory: string;
  readonly network: NetworkNamespace;
}

const TIMEOUT_MS = 300_000;
const PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Limits that also a test in a container may set. */
function settings(directory: string): string {
  return `
[containers]
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
tmp_dir = "${join(directory, 'tmp')}"
[network]
network_backend = "netavark"
network_config_dir = "${join(directory, 'networks')}"
`;
}

export async function createContainerEngine(options: EngineOptions): Promise<ContainerEngine> {
  const { directory, network } = options;
  await mkdir(directory);
  const configuration = join(directory, 'containers.conf');
  await writeFile(configuration, settings(directory));
  const inDirectory = (name: string): string => join(directory, name);
  const places = ['--root', inDirectory('root'), '--runroot', inDirectory('run')];
  const store = [...places, '--storage-driver', 'vfs'];
  const env = { HOME: directory, CONTAINERS_CONF: configuration };
  const limits = { env, timeoutMs: TIMEOUT_MS };
  const podman: ContainerEngine['podman'] = (line, more = []) => {
    const command = ['/usr/bin/podman', ...store, ...words(line), ...more];
    // It asks where it is, and a directory of outside the namespace has no path in it.
    const shell = ['-c', 'cd "$0" && exec "$@"', directory, ...command];
    return network.runCommand('/bin/sh', shell, limits);
  };
  // Outside: a build installs packages.
  const mustBuildah: ContainerEngine['mustBuildah'] = (line, more = []) =>
    runOrThrow('/usr/bin/buildah', [...store, ...words(line), ...more], limits);
  return {
    podman,
    async mustPodman(line, more) {
      const result = await podman(line, more);
      if (result.code === 0) return result;
      throw new Error(`podman ${line} ended with ${result.code}:\n${result.output}`);
    },
    mustBuildah,
    async importTree(tree, reference, variables = {}) {
      const container = (await mustBuildah('from scratch')).stdout.trim();
      await mustBuildah(`copy --quiet ${container} ${tree} /`);
      const pairs = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
      const set = [PATH, ...pairs].flatMap((pair) => ['--env', pair]);
      await mustBuildah('config', [...set, container]);
      await mustBuildah(`commit --quiet --rm ${container} ${reference}`);
    },
    async stop() {
      await podman('pod rm --all --force');
      await podman('rm --all --force --time 0');
    },
  };
}
