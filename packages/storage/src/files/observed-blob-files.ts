// BlobFiles that tell how long each action takes, failed ones too.
import type { FileAction, ObserveStorage } from '../observation.ts';
import type { BlobFiles } from './blob-files.ts';

export function observeBlobFiles(files: BlobFiles, observe: ObserveStorage): BlobFiles {
  function tell(action: FileAction, startedAt: number): void {
    observe({ kind: 'file', action, durationMs: performance.now() - startedAt });
  }
  function timed<T>(action: FileAction, work: () => T): T {
    const startedAt = performance.now();
    try {
      return work();
    } finally {
      tell(action, startedAt);
    }
  }
  async function timedUntilDone<T>(action: FileAction, work: () => Promise<T>): Promise<T> {
    const startedAt = performance.now();
    try {
      return await work();
    } finally {
      tell(action, startedAt);
    }
  }
  return {
    openUpload: (upload) => timedUntilDone('Writer', () => files.openUpload(upload)),
    adopt: (upload, digest) => timedUntilDone('Move', () => files.adopt(upload, digest)),
    sizeOf: (file) => timed('Stat', () => files.sizeOf(file)),
    readWhole: (file, size) => timed('GetContent', () => files.readWhole(file, size)),
    openStream: (file, size, range) =>
      timedUntilDone('Reader', () => files.openStream(file, size, range)),
    remove: (area, file) => timedUntilDone('Delete', () => files.remove(area, file)),
    walk: () => files.walk(),
    freeBytes: () => files.freeBytes(),
  };
}
