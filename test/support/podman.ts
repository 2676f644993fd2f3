// Debian's podman and buildah over one image store of their own, without a daemon.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { NetworkNamespace } from './network-namespace.ts';
import { type CommandResult, runCommand, runOrThrow, words } from './run-command.ts';
import { createRootTree } from './root-tree.ts';
import { createScratchDirectory } from './scratch-directory.ts';

/** One person at a terminal: logins are kept in a file of their own. */
export interface PodmanUser {
  readonly authFile: string;
  /** `line` is the arguments as one would type them. */
  podman(line: string, input?: string): Promise<CommandResult>;
  buildah(line: string): Promise<CommandResult>;
  login(host: string, name: string, password: string): Promise<CommandResult>;
}

export interface PodmanStore {
  /** `variables` are added to the environment. */
  user(name: string, variables?: Readonly<Record<string, string>>): Promise<PodmanUser>;
  /** Builds an image with one new layer, from nothing. Needs the package buildah. */
  buildImage(reference: string, architecture?: string): Promise<void>;
  remove(): Promise<void>;
}

/** @param inside runs its programs elsewhere, such as in a network namespace */
export async function createPodmanStore(
  inside: NetworkNamespace['inside'] = (file, args) => ({ file, args: [...args] }),
): Promise<PodmanStore> {
  const scratch = await createScratchDirectory('podman');
  const inStore = (name: string): string => join(scratch.path, name);
  const store = ['--root', inStore('root'), '--runroot', inStore('run'), '--storage-driver', 'vfs'];
  const user: PodmanStore['user'] = async (name, variables = {}) => {
    const home = inStore(`user-${name}`);
    const authFile = join(home, 'auth.json');
    await mkdir(home);
    // Named by REGISTRY_AUTH_FILE, the file must exist, or every command fails.
    await writeFile(authFile, '{}');
    const env = { HOME: home, REGISTRY_AUTH_FILE: authFile, ...variables };
    const run = (program: string, args: readonly string[], input?: string) => {
      const command = inside(program, args);
      const stdin = input === undefined ? {} : { input };
      return runCommand(command.file, command.args, { env, ...stdin });
    };
    const podman = (line: string, input?: string): Promise<CommandResult> =>
      run('/usr/bin/podman', [...store, '--cgroup-manager=cgroupfs', ...words(line)], input);
    return {
      authFile,
      podman,
      buildah: (line) => run('/usr/bin/buildah', [...store, ...words(line)]),
      login: (host, account, password) =>
        podman(`login --tls-verify=false --username ${account} --password-stdin ${host}`, password),
    };
  };
  return {
    user,
    buildImage: async (reference, architecture = 'amd64') => {
      const env = { HOME: scratch.path };
      const run = (line: string): Promise<CommandResult> =>
        runOrThrow('/usr/bin/buildah', [...store, ...words(line)], { env });
      const archive = await createRootTree(scratch.path, reference.replaceAll(/[^a-z0-9]/g, '-'));
      const container = (await run('from scratch')).stdout.trim();
      await run(`add ${container} ${archive} /`);
      await run(`config --arch ${architecture} ${container}`);
      await run(`commit --rm ${container} ${reference}`);
    },
    remove: () => scratch.remove(),
  };
}
