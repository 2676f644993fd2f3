// Manifest bodies of this process, the least recently used dropped first. Bytes under a digest never
// change; that the repository still has them holds only for the content generation it was seen in.
import type { Digest, RepositoryName } from '@portolan/oci';
import type { StoredManifest } from './stored-manifest.ts';

export interface CachedManifest {
  readonly manifest: StoredManifest;
  /** The content generation in which the repository was last seen to have it. */
  readonly seenIn: number;
}

export interface ManifestCache {
  find(repository: RepositoryName, digest: Digest): CachedManifest | undefined;
  set(repository: RepositoryName, manifest: StoredManifest, seenIn: number): void;
  delete(repository: RepositoryName, digest: Digest): void;
}

// What an entry costs beside its body: key, strings, objects; a generous guess.
const ENTRY_BYTES = 1024;

export function createManifestCache(maxBytes: number): ManifestCache {
  // A Map keeps its keys in the order of insertion, so the first is the least recently used.
  const entries = new Map<string, CachedManifest>();
  let bytes = 0;
  const costOf = (entry: CachedManifest) => entry.manifest.body.length + ENTRY_BYTES;
  const remove = (key: string) => {
    const entry = entries.get(key);
    if (entry === undefined) return;
    bytes -= costOf(entry);
    entries.delete(key);
  };
  return {
    find(repository, digest) {
      const key = `${repository}@${digest}`;
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      entries.delete(key);
      entries.set(key, entry);
      return entry;
    },
    set(repository, manifest, seenIn) {
      const key = `${repository}@${manifest.digest}`;
      const entry = { manifest, seenIn };
      remove(key);
      entries.set(key, entry);
      bytes += costOf(entry);
      for (const oldest of entries.keys()) {
        if (bytes <= maxBytes) break;
        remove(oldest);
      }
    },
    delete: (repository, digest) => remove(`${repository}@${digest}`),
  };
}
