// A root file system for images: nothing can be pulled from elsewhere, and nothing is ever run.
import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runOrThrow } from './run-command.ts';

/** Writes `<directory>/<name>.tar` with random content, so that no two images share a layer. */
export async function createRootTree(
  directory: string,
  name: string,
  bytes = 100_000,
): Promise<string> {
  const tree = join(directory, `${name}-tree`);
  await mkdir(join(tree, 'etc'), { recursive: true });
  await writeFile(join(tree, 'etc', 'hostname'), `${name}\n`);
  await writeFile(join(tree, 'content'), randomBytes(bytes));
  const archive = join(directory, `${name}.tar`);
  await runOrThrow('tar', ['-C', tree, '-cf', archive, '.']);
  return archive;
}
