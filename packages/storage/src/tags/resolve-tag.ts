// Tag lookups. A tag that is moved or removed, in any process, moves the content generation.
import type { Digest, RepositoryName, Tag } from '@portolan/oci';
import { createContentCache } from '../database/content-cache.ts';
import type { Reader } from '../database/transaction.ts';
import type { StoreDeps } from '../store-deps.ts';

async function queryTag(
  read: Reader,
  repository: RepositoryName,
  tag: Tag,
): Promise<Digest | undefined> {
  const row = await read
    .selectFrom('repository')
    .innerJoin('tag', 'tag.repository_id', 'repository.id')
    .innerJoin('manifest', 'manifest.id', 'tag.manifest_id')
    .select('manifest.digest')
    .where('repository.name', '=', repository)
    .where('tag.name', '=', tag)
    .executeTakeFirst();
  return row?.digest as Digest | undefined;
}

export function createResolveTag({
  database,
  generations,
}: StoreDeps): (repository: RepositoryName, tag: Tag) => Promise<Digest | undefined> {
  const cache = createContentCache<Digest>(generations);
  return (repository, tag) =>
    cache.find(`${repository}:${tag}`, () => queryTag(database.read, repository, tag));
}
