// The hash of what an upload has received so far. Node can copy a running hash but not export it, so
// it stays in the process that took the bytes; another process reads the prefix once more.
import type { DigestAlgorithm } from '@portolan/oci';
import { createHash, type Hash } from 'node:crypto';
import type { UploadFile } from '../files/blob-files.ts';
import type { UploadClaim } from './upload-claims.ts';

export interface RunningHash {
  readonly algorithm: DigestAlgorithm;
  /** Bytes that have gone through it. */
  readonly offset: number;
  readonly hash: Hash;
}

export interface RunningHashes {
  /** Takes out the hash of the first `offset` bytes, if this process has it. */
  take(id: string, algorithm: DigestAlgorithm, offset: number): RunningHash | undefined;
  keep(id: string, running: RunningHash): void;
  drop(id: string): void;
}

const MAX_HASHES = 1000;

export function createRunningHashes(): RunningHashes {
  const hashes = new Map<string, RunningHash>();
  return {
    take(id, algorithm, offset) {
      const running = hashes.get(id);
      hashes.delete(id);
      return running?.algorithm === algorithm && running.offset === offset ? running : undefined;
    },
    keep(id, running) {
      hashes.set(id, running);
      for (const oldest of hashes.keys()) {
        if (hashes.size <= MAX_HASHES) break;
        hashes.delete(oldest);
      }
    },
    drop: (id) => {
      hashes.delete(id);
    },
  };
}

/** Reads the first `length` bytes of the file through a new hash, keeping the claim on it. */
export async function hashPrefix(
  file: UploadFile,
  claim: UploadClaim,
  algorithm: DigestAlgorithm,
  length: number,
): Promise<RunningHash> {
  const hash = createHash(algorithm);
  for await (const bytes of file.read(length)) {
    hash.update(bytes);
    await claim.renewIfDue();
  }
  return { algorithm, offset: length, hash };
}
