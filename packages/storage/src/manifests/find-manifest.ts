// The read of every pull. Its cached answer is believed while the content generation stands still;
// when that has moved, the repository is asked again, and only the bytes are not read anew.
import type { Digest, MediaType, RepositoryName } from '@portolan/oci';
import type { StoreDeps } from '../store-deps.ts';
import { createManifestCache } from './manifest-cache.ts';
import type { StoredManifest } from './stored-manifest.ts';

const MAX_CACHE_BYTES = 32 * 1024 * 1024;

export type FindManifest = (
  repository: RepositoryName,
  digest: Digest,
) => Promise<StoredManifest | undefined>;

export function createFindManifest(
  { database, generations }: StoreDeps,
  maxCacheBytes: number = MAX_CACHE_BYTES,
): FindManifest {
  const cache = createManifestCache(maxCacheBytes);
  const row = (repository: RepositoryName, digest: Digest) =>
    database.read
      .selectFrom('repository')
      .innerJoin('manifest', 'manifest.repository_id', 'repository.id')
      .where('repository.name', '=', repository)
      .where('manifest.digest', '=', digest);

  return async (repository, digest) => {
    // Asked before the rows: what is read may then be newer than it claims to be, never older.
    const { content } = await generations.current();
    const cached = cache.find(repository, digest);
    if (cached?.seenIn === content) return cached.manifest;
    if (cached !== undefined) {
      const there = await row(repository, digest).select('manifest.media_type').executeTakeFirst();
      // Removed and pushed again, the same bytes may have another media type.
      if (there?.media_type === cached.manifest.mediaType) {
        cache.set(repository, cached.manifest, content);
        return cached.manifest;
      }
      cache.delete(repository, digest);
      if (there === undefined) return undefined;
    }
    const found = await row(repository, digest)
      .select(['manifest.media_type', 'manifest.body'])
      .executeTakeFirst();
    if (found === undefined) return undefined;
    const manifest = { digest, mediaType: found.media_type as MediaType, body: found.body };
    cache.set(repository, manifest, content);
    return manifest;
  };
}
