// Which files a `dir:` tree has already, wherever they are: listed once, when it is first asked, and kept
// up with what is written. A name is only a promise: what is given out was hashed in this run.
import { join } from 'node:path';
import { isContentFile, listDirectory, STAGING_DIRECTORY, walkTree } from './dir-layout.ts';
import type { SoundFiles, WantedFile } from './sound-files.ts';

export interface DirInventory {
  /** The path of a file that holds these bytes. */
  find(wanted: WantedFile): Promise<string | undefined>;
  /** Files of this name that `find` came across and that hold something else. */
  broken(name: string): readonly string[];
  /** A file that was written. */
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

export function createDirInventory(root: string, sound: SoundFiles): DirInventory {
  let reading: Promise<Map<string, Set<string>>> | undefined;
  const all = (): Promise<Map<string, Set<string>>> => (reading ??= readAll(root));
  const broken = new Map<string, Set<string>>();
  return {
    async find(wanted) {
      for (const path of (await all()).get(wanted.file) ?? []) {
        const state = await sound.check(path, wanted);
        if (state === 'sound') return path;
        if (state === 'absent') continue;
        broken.set(wanted.file, (broken.get(wanted.file) ?? new Set<string>()).add(path));
      }
      return undefined;
    },
    broken: (name) => [...(broken.get(name) ?? [])],
    async add(name, path) {
      const paths = await all();
      paths.set(name, (paths.get(name) ?? new Set<string>()).add(path));
      broken.get(name)?.delete(path);
    },
  };
}
