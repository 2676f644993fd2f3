// A directory of a test's own, removed afterwards.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface ScratchDirectory {
  readonly path: string;
  remove(): Promise<void>;
}

export async function createScratchDirectory(name: string): Promise<ScratchDirectory> {
  // Short: engines make unix sockets in it, whose paths may have 107 characters.
  const path = await mkdtemp(join(tmpdir(), `portolan-${name}-`));
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 3 }) };
}
