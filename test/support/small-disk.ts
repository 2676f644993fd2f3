// A file system of a few megabytes, to be filled.
import { open, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { type CommandResult, runCommand } from './run-command.ts';
import { createScratchDirectory } from './scratch-directory.ts';

export interface SmallDisk {
  readonly path: string;
  /** Leaves not one free block. */
  fill(): Promise<void>;
  /** Gives back what `fill` took. */
  free(): Promise<void>;
  unmount(): Promise<void>;
}

const BLOCK = Buffer.alloc(4096, 0x55);

async function writeUntilFull(file: string): Promise<void> {
  const handle = await open(file, 'a');
  try {
    for (;;) await handle.write(BLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  } finally {
    await handle.close();
  }
}

function mountTmpfs(path: string, megabytes: number): Promise<CommandResult> {
  return runCommand('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', path]);
}

/** Why this machine cannot have one, or undefined. */
export async function whyNoSmallDisk(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return 'needs root';
  const scratch = await createScratchDirectory('probe');
  const { code, output } = await mountTmpfs(scratch.path, 1);
  if (code === 0) await runCommand('umount', [scratch.path]);
  await scratch.remove();
  return code === 0 ? undefined : `mount is not permitted: ${output.trim()}`;
}

export async function mountSmallDisk(megabytes: number): Promise<SmallDisk> {
  const scratch = await createScratchDirectory('disk');
  const { path } = scratch;
  const { code, output } = await mountTmpfs(path, megabytes);
  if (code !== 0) throw new Error(output);
  const filler = join(path, 'filler');
  return {
    path,
    fill: async () => {
      // What the server frees while we write is taken too.
      while ((await statfs(path)).bavail > 0) await writeUntilFull(filler);
    },
    free: () => rm(filler),
    unmount: async () => {
      await runCommand('umount', [path]);
      await scratch.remove();
    },
  };
}
