// Which files a `dir:` tree has already, wherever they are: read once, when it is first asked, and
// kept up with what is written. A name is a digest, so any file of that name and size will do.
import { join } from 'node:path';
import { fileSize } from './dir-files.ts';
import { isContentFile, listDirectory, STAGING_DIRECTORY, walkTree } from './dir-layout.ts';

export interface DirInventory {
  /** The path of a file of this name; `size` undefined takes any. */
  find(name: string, size: number | undefined): Promise<string | undefined>;
  add(name: string, path: string): Promise<void>;
}

async function readAll(root: string): Promise<Map<string, Set<string>>> {
  const paths = new Map<string, Set<string>>();
  const note = (directory: string, name: string): void => {
    if (!isContentFile(name)) return;
    const known = paths.get(name) ?? new Set();
    paths.set(name, known.add(join(directory, name)));
  };
  for await (const { directory, entries } of walkTree(root)) {
    for (const entry of entries) if (entry.isFile()) note(directory, entry.name);
  }
  const staging = join(root, STAGING_DIRECTORY);
  for (const entry of await listDirectory(staging)) if (entry.isFile()) note(staging, entry.name);
  return paths;
}

export function createDirInventory(root: string): DirInventory {
  let reading: Promise<Map<string, Set<string>>> | undefined;
  const all = (): Promise<Map<string, Set<string>>> => (reading ??= readAll(root));
  return {
    async find(name, size) {
      for (const path of (await all()).get(name) ?? []) {
        const actual = await fileSize(path);
        if (actual !== undefined && (size === undefined || actual === size)) return path;
      }
      return undefined;
    },
    async add(name, path) {
      const paths = await all();
      paths.set(name, (paths.get(name) ?? new Set<string>()).add(path));
    },
  };
}
