// Debian's containerd with a configuration, root and socket of its own, driven by ctr.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startDaemon } from './daemon.ts';
import type { NetworkNamespace } from './network-namespace.ts';
import { type CommandResult, runCommand, runOrThrow, words } from './run-command.ts';
import { createRootTree } from './root-tree.ts';
import { createScratchDirectory } from './scratch-directory.ts';

export interface Containerd {
  /** `line` is the arguments as one would type them. */
  ctr(line: string): Promise<CommandResult>;
  /** `user` is `name:password`; without it the client sends no credentials. */
  push(reference: string, user?: string): Promise<CommandResult>;
  pull(reference: string, user?: string): Promise<CommandResult>;
  /** Makes an image with one new layer. Needs the package skopeo. */
  importImage(reference: string): Promise<void>;
  stop(): Promise<void>;
}

function configuration(directory: string): string {
  return `version = 2
root = "${join(directory, 'root')}"
state = "${join(directory, 'state')}"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]
[grpc]
address = "${join(directory, 'sock')}"
[ttrpc]
address = "${join(directory, 'ttrpc')}"
`;
}

function asUser(user: string | undefined): string {
  return user === undefined ? '' : `--user ${user} `;
}

/** @param inside runs it elsewhere, such as in a network namespace; ctr, which is what pulls, too */
export async function startContainerd(
  inside: NetworkNamespace['inside'] = (file, args) => ({ file, args: [...args] }),
): Promise<Containerd> {
  const scratch = await createScratchDirectory('ctrd');
  const socket = join(scratch.path, 'sock');
  const settings = join(scratch.path, 'config.toml');
  await writeFile(settings, configuration(scratch.path));
  const ctr = (line: string): Promise<CommandResult> => {
    const command = inside('/usr/bin/ctr', ['-a', socket, ...words(line)]);
    return runCommand(command.file, command.args, { env: { HOME: scratch.path } });
  };
  const daemon = await startDaemon({
    ...inside('/usr/bin/containerd', ['-c', settings]),
    logFile: join(scratch.path, 'log'),
    isReady: async () => (await ctr('version')).code === 0,
  });
  return {
    ctr,
    push: (reference, user) => ctr(`images push --plain-http ${asUser(user)}${reference}`),
    pull: (reference, user) =>
      ctr(`images pull --plain-http --snapshotter=native ${asUser(user)}${reference}`),
    importImage: async (reference) => {
      const name = reference.replaceAll(/[^a-z0-9]/g, '-');
      const archive = await createRootTree(scratch.path, name);
      const image = join(scratch.path, `${name}.oci.tar`);
      // skopeo reads a bare root tree as an image of one layer.
      await runOrThrow(
        '/usr/bin/skopeo',
        ['copy', `tarball:${archive}`, `oci-archive:${image}:${reference}`],
        { env: { HOME: scratch.path } },
      );
      const result = await ctr(`images import --snapshotter=native ${image}`);
      if (result.code !== 0) throw new Error(result.output);
    },
    stop: async () => {
      await daemon.stop();
      await scratch.remove();
    },
  };
}
