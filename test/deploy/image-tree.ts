// Root file systems out of the Debian packages that are installed here, for the images that could not be
// pulled: under the names of those, they are what a build or a pod starts from.
import { cp, mkdir, realpath, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { runOrThrow } from '../support/run-command.ts';

export interface ImageTree {
  readonly path: string;
  /** Copies a file or directory of this machine, symbolic links as what they lead to. */
  copy(from: string, to: string): Promise<void>;
  link(to: string, at: string): Promise<void>;
  write(path: string, text: string): Promise<void>;
}

/** What every C++ program needs. */
export const RUNTIME_PACKAGES = ['libc6', 'libgcc-s1', 'libstdc++6'] as const;

const DIRECTORIES = ['etc', 'root', 'tmp', 'usr/bin', 'usr/lib', 'usr/lib64', 'usr/sbin', 'var'];

// Paths of packages are those of before /bin became a link to /usr/bin.
const COPY_PACKAGES = `
  set -e -o pipefail
  tree=$1; shift
  dpkg -L "$@" | sed -E 's#^/(bin|sbin|lib|lib64)(/|$)#/usr/\\1\\2#' | grep '^/usr/' |
    grep -v '^/usr/share/' | sort -u | tar -C / --no-recursion -cf - -T - | tar -C "$tree" -xf -
`;

export async function createImageTree(
  path: string,
  packages: readonly string[],
): Promise<ImageTree> {
  for (const directory of DIRECTORIES) await mkdir(join(path, directory), { recursive: true });
  for (const name of ['bin', 'lib', 'lib64', 'sbin']) {
    await symlink(`usr/${name}`, join(path, name));
  }
  await runOrThrow('/bin/bash', ['-c', COPY_PACKAGES, 'bash', path, ...packages]);
  const place = async (to: string): Promise<string> => {
    await mkdir(join(path, dirname(to)), { recursive: true });
    return join(path, to);
  };
  return {
    path,
    async copy(from, to) {
      await cp(await realpath(from), await place(to), { recursive: true });
    },
    async link(to, at) {
      await symlink(to, await place(at));
    },
    async write(file, text) {
      await writeFile(await place(file), text);
    },
  };
}

/** The directory of the npm that belongs to the `npx` which started the tests. */
export async function findNpm(): Promise<string> {
  const env = { PATH: process.env['PATH'] ?? '' };
  const { stdout } = await runOrThrow('/bin/sh', ['-c', 'command -v npx'], { env });
  return resolve(await realpath(stdout.trim()), '../..');
}
