// Every path below the data directory is built here, and only from parsed digests and random ids:
//
//   <directory>/
//   ├── blobs/
//   │   └── <sha256|sha512>/
//   │       └── <first 2 hex>/
//   │           └── <hex>.<random>    one stored blob; its row names this file; never reused
//   ├── uploads/
//   │   └── <random>                  one upload session's bytes so far
//   ├── keys/                         private signing keys
//   │   └── mirror.key                seals the credentials of upstreams
//   ├── backups/
//   ├── admin-password                the first one, when it was generated; its owner may remove it
//   ├── portolan.db  (-wal, -shm)     all rows
//   └── machine.lock                  keeps a second machine out
import { Digest } from '@portolan/oci';
import { join } from 'node:path';

/** Absolute when the directory is. */
export interface DataLayout {
  readonly directory: string;
  readonly blobs: string;
  readonly uploads: string;
  readonly keys: string;
  readonly mirrorKey: string;
  readonly backups: string;
  readonly adminPassword: string;
  readonly database: string;
  readonly lock: string;
}

export function dataLayout(directory: string): DataLayout {
  return {
    directory,
    blobs: join(directory, 'blobs'),
    uploads: join(directory, 'uploads'),
    keys: join(directory, 'keys'),
    mirrorKey: join(directory, 'keys', 'mirror.key'),
    backups: join(directory, 'backups'),
    adminPassword: join(directory, 'admin-password'),
    database: join(directory, 'portolan.db'),
    lock: join(directory, 'machine.lock'),
  };
}

/** Path below `blobs/` of a new file for the digest. */
export function blobFileName(digest: Digest, random: string): string {
  const hex = Digest.hex(digest);
  return `${Digest.algorithm(digest)}/${hex.slice(0, 2)}/${hex}.${random}`;
}
