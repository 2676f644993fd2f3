// Makes directories and entries in them survive a power cut: a renamed file is there afterwards only
// if its directory was synced, and a new directory only if its parent was.
import { closeSync, fsync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';

const sync = promisify(fsync);

/** Makes the names in the directory durable. */
export async function syncDirectory(directory: string): Promise<void> {
  const fd = openSync(directory, 'r');
  try {
    await sync(fd);
  } finally {
    closeSync(fd);
  }
}

export interface DurableDirectories {
  /** Makes the directory and durably enters it into its parents, up to the root. */
  ensure(directory: string): Promise<void>;
  /** Makes the names in the directory durable. */
  sync(directory: string): Promise<void>;
}

/** `root` must exist, durably. */
export function createDurableDirectories(root: string): DurableDirectories {
  // Another process may have made a directory and not synced it yet, so what is merely there is not
  // known to be durable: each process syncs once.
  const durable = new Set<string>([root]);

  async function ensure(directory: string): Promise<void> {
    if (durable.has(directory)) return;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const parent = dirname(directory);
    await ensure(parent);
    await syncDirectory(parent);
    durable.add(directory);
  }

  return { ensure, sync: syncDirectory };
}
