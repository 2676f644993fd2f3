// Reads a data directory with no server on it, and checks it against itself: rows against files,
// every digest against bytes, every reference against what it points to.
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { verifyDigest } from '../support/registry-client.ts';

export interface DiskState {
  readonly blobs: number;
  /** Of the manifests. */
  readonly digests: ReadonlySet<string>;
  readonly tags: number;
  /** Sentences, one for each thing that is wrong. */
  readonly faults: readonly string[];
}

// A reference whose target is neither a linked blob nor a manifest of the repository. The images of
// these tests have no layer that may be absent.
const DANGLING = `
  SELECT reference.digest, reference.kind
  FROM manifest_reference AS reference
  WHERE NOT EXISTS (
    SELECT 1 FROM repository_blob AS link JOIN blob ON blob.id = link.blob_id
    WHERE link.repository_id = reference.repository_id AND blob.digest = reference.digest
      AND reference.kind <> 'child')
  AND NOT EXISTS (
    SELECT 1 FROM manifest
    WHERE manifest.repository_id = reference.repository_id
      AND manifest.digest = reference.digest AND reference.kind = 'child')`;

export function readDiskState(dataDir: string): DiskState {
  const database = new DatabaseSync(join(dataDir, 'portolan.db'));
  const faults: string[] = [];
  const all = (query: string): Record<string, unknown>[] => database.prepare(query).all();
  const check = (what: string, verify: () => void): void => {
    try {
      verify();
    } catch (error) {
      faults.push(`${what}: ${String(error)}`);
    }
  };
  try {
    for (const row of all('PRAGMA integrity_check')) {
      if (row['integrity_check'] !== 'ok') faults.push(`integrity_check: ${JSON.stringify(row)}`);
    }
    for (const row of all('PRAGMA foreign_key_check')) {
      faults.push(`foreign_key_check: ${JSON.stringify(row)}`);
    }
    for (const row of all(DANGLING)) faults.push(`points to nothing: ${JSON.stringify(row)}`);
    const blobs = all('SELECT digest, size, file FROM blob');
    for (const { digest, size, file } of blobs) {
      check(`blob ${String(digest)}`, () => {
        const path = join(dataDir, 'blobs', String(file));
        if (statSync(path).size !== size) throw new Error(`is not ${String(size)} bytes long`);
        verifyDigest(readFileSync(path), String(digest));
      });
    }
    const manifests = all('SELECT digest, body FROM manifest');
    for (const { digest, body } of manifests) {
      check(`manifest ${String(digest)}`, () => verifyDigest(body as Uint8Array, String(digest)));
    }
    const tags = all('SELECT name FROM tag').length;
    const digests = new Set(manifests.map(({ digest }) => String(digest)));
    return { blobs: blobs.length, digests, tags, faults };
  } finally {
    database.close();
  }
}
