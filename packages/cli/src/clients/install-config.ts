// Installs what an engine is given, after a look at what it reads there already: files of an earlier run
// come along, and those of others that stand against it are told of.
import type { ClientConfig, FoundPlace } from '@portolan/clients';
import { isVacant } from '@portolan/storage';
import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type InstalledFile, installFiles } from './install-files.ts';

export interface InstalledConfig {
  readonly files: readonly InstalledFile[];
  /** What others wrote there, by which the engine will do otherwise. */
  readonly warnings: readonly string[];
}

async function readPlace(root: string, path: string): Promise<FoundPlace | undefined> {
  try {
    return { path, text: await readFile(join(root, path), 'utf8') };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EISDIR') return { path, text: undefined };
    if (isVacant(error)) return undefined;
    throw error;
  }
}

/** In the order of their names. */
async function findPlaces(
  root: string,
  patterns: readonly string[],
): Promise<readonly FoundPlace[]> {
  const names = await Array.fromAsync(
    glob(
      patterns.map((one) => one.slice(1)),
      // Engines follow them, too.
      { cwd: root, followSymlinks: true },
    ),
  );
  const places = names.toSorted().map((name) => readPlace(root, `/${name}`));
  return (await Promise.all(places)).filter((place) => place !== undefined);
}

export async function installConfig(
  { files, surroundings }: ClientConfig,
  { directory, now }: { readonly directory: string; readonly now: number },
): Promise<InstalledConfig> {
  const found = await findPlaces(directory, surroundings?.patterns ?? []);
  const { files: more = [], warnings = [] } = surroundings?.judge(found) ?? {};
  // Before the certificates, which are last.
  return { files: await installFiles([...more, ...files], { directory, now }), warnings };
}
