// Tag lookups, cached while the content generation stands still: it moves with every tag that is
// moved or removed, in any process. Only what was found is kept, so a new tag needs no signal.
import type { Digest } from '@portolan/oci';
import type { StoreDeps } from '../store-deps.ts';
import type { TagStore } from './tag-store.ts';

const MAX_CACHED = 20_000;

export function createResolveTag({ database, generations }: StoreDeps): TagStore['resolve'] {
  let cachedIn = -1;
  let cache = new Map<string, Digest>();
  return async (repository, tag) => {
    // Asked before the row: what is read may then be newer than it claims to be, never older.
    const { content } = await generations.current();
    if (content !== cachedIn || cache.size >= MAX_CACHED) {
      cache = new Map();
      cachedIn = content;
    }
    const key = `${repository}:${tag}`;
    const cached = cache.get(key);
    if (cached !== undefined) return cached;
    const own = cache;
    const row = await database.read
      .selectFrom('repository')
      .innerJoin('tag', 'tag.repository_id', 'repository.id')
      .innerJoin('manifest', 'manifest.id', 'tag.manifest_id')
      .select('manifest.digest')
      .where('repository.name', '=', repository)
      .where('tag.name', '=', tag)
      .executeTakeFirst();
    if (row === undefined) return undefined;
    const digest = row.digest as Digest;
    // The map of the generation that was asked for; by now there may be another.
    own.set(key, digest);
    return digest;
  };
}
