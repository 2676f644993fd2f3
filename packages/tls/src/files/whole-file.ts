// Small files that several processes may read and write at once: each is there whole or not at all.
import { isMissing, writeFileDurably } from '@portolan/storage';
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

export interface WholeFileOptions {
  readonly mode: number;
  /** Whoever was first wins, and nobody is told. */
  readonly keepsExisting?: boolean;
}

export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** The directory must exist. Until it is whole its name begins with a dot, which nobody lists. */
export async function writeWhole(
  path: string,
  content: string | Uint8Array,
  options: WholeFileOptions,
): Promise<void> {
  const name = `.${basename(path)}.${randomBytes(8).toString('hex')}`;
  await writeFileDurably(path, content, { ...options, temporary: join(dirname(path), name) });
}
