// Tags of a repository: names that move. Where they are moved to: manifests/put-manifest.ts.
import type { Digest, RepositoryName, Tag } from '@portolan/oci';
import type { Reader } from '../database/transaction.ts';
import type { PageRequest } from '../page-request.ts';
import type { StoreDeps } from '../store-deps.ts';
import { deleteTag } from './delete-tag.ts';
import { createResolveTag } from './resolve-tag.ts';

export interface TagPage {
  /** Bytewise ascending. */
  readonly tags: readonly string[];
  readonly hasMore: boolean;
}

export interface TagStore {
  resolve(repository: RepositoryName, tag: Tag): Promise<Digest | undefined>;
  /** Undefined when the repository does not exist. */
  list(repository: RepositoryName, page: PageRequest): Promise<TagPage | undefined>;
  /** Removes this one tag, never its siblings. False when it was not there. */
  delete(repository: RepositoryName, tag: Tag, actor: string): Promise<boolean>;
}

async function listTags(
  read: Reader,
  repository: RepositoryName,
  { last, limit }: PageRequest,
): Promise<TagPage | undefined> {
  const known = await read
    .selectFrom('repository')
    .select('id')
    .where('name', '=', repository)
    .executeTakeFirst();
  if (known === undefined) return undefined;
  if (limit <= 0) return { tags: [], hasMore: false };
  let query = read.selectFrom('tag').select('name').where('repository_id', '=', known.id);
  if (last !== undefined) query = query.where('name', '>', last);
  const rows = await query
    .orderBy('name')
    .limit(limit + 1)
    .execute();
  return { tags: rows.slice(0, limit).map((row) => row.name), hasMore: rows.length > limit };
}

export function createTagStore(deps: StoreDeps): TagStore {
  const { database, clock, times } = deps;
  return {
    resolve: createResolveTag(deps),
    list: (repository, page) => listTags(database.read, repository, page),
    delete: (repository, tag, actor) =>
      database.write((tx) => {
        const at = clock();
        return deleteTag(tx, repository, tag, { actor, at, leaseUntil: at + times.leaseMs });
      }),
  };
}
