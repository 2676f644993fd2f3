// Manifests by their `subject`: distribution-spec "Listing Referrers".
// The descriptors are made from the stored manifests, never from what a fallback index says of them.
import type { Descriptor, Digest, RepositoryName } from '@portolan/oci';
import type { Selectable } from 'kysely';
import type { Reader } from '../database/database.ts';
import type { Schema } from '../database/schema.ts';
import { digestChunks } from '../manifests/digest-chunks.ts';
import type { StoreDeps } from '../store-deps.ts';
import { fallbackReferrers } from './fallback-tag.ts';

export interface ReferrerQuery {
  readonly artifactType?: string;
  /** Exclusive; the digest of the last referrer of the page before. */
  readonly last?: Digest;
  readonly limit: number;
}

export interface ReferrerPage {
  /** By digest, ascending; with `artifactType` and `annotations` as the spec wants them. */
  readonly referrers: readonly Descriptor[];
  readonly hasMore: boolean;
}

export interface ReferrerStore {
  /**
   * Also what the fallback tag `<alg>-<hex>` lists, when an index is pushed under that name by a
   * client that knows no referrers API. Empty for an unknown repository.
   */
  list(repository: RepositoryName, subject: Digest, query: ReferrerQuery): Promise<ReferrerPage>;
}

type Row = Pick<
  Selectable<Schema['manifest']>,
  'digest' | 'media_type' | 'size' | 'artifact_type' | 'annotations'
>;

function toDescriptor(row: Row): Descriptor {
  const annotations = JSON.parse(row.annotations) as Record<string, string>;
  return {
    mediaType: row.media_type,
    digest: row.digest as Digest,
    size: row.size,
    ...(row.artifact_type === null ? {} : { artifactType: row.artifact_type }),
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
  };
}

function manifestsAfter(read: Reader, repositoryId: number, query: ReferrerQuery) {
  let manifests = read
    .selectFrom('manifest')
    .select(['digest', 'media_type', 'size', 'artifact_type', 'annotations'])
    .where('repository_id', '=', repositoryId)
    .orderBy('digest')
    .limit(query.limit + 1);
  if (query.last !== undefined) manifests = manifests.where('digest', '>', query.last);
  if (query.artifactType !== undefined) {
    manifests = manifests.where('artifact_type', '=', query.artifactType);
  }
  return manifests;
}

/** Of the given digests, ascending, those that are manifests here: enough for the page. */
async function listedRows(
  read: Reader,
  repositoryId: number,
  query: ReferrerQuery,
  digests: readonly string[],
): Promise<Row[]> {
  const { last } = query;
  const after = last === undefined ? digests : digests.filter((digest) => digest > last);
  const rows: Row[] = [];
  for (const chunk of digestChunks(after)) {
    if (rows.length > query.limit) break;
    const found = await manifestsAfter(read, repositoryId, query)
      .where('digest', 'in', chunk)
      .execute();
    rows.push(...found);
  }
  return rows;
}

/** Both lists are ascending and long enough for one page and one more, so their merge is too. */
function merge(rows: readonly Row[]): Row[] {
  const byDigest = new Map(rows.map((row) => [row.digest, row]));
  return [...byDigest.values()].sort((a, b) => (a.digest < b.digest ? -1 : 1));
}

export function createReferrerStore({ database: { read } }: StoreDeps): ReferrerStore {
  return {
    async list(repository, subject, query) {
      const known = await read
        .selectFrom('repository')
        .select('id')
        .where('name', '=', repository)
        .executeTakeFirst();
      if (known === undefined || query.limit <= 0) return { referrers: [], hasMore: false };
      const own = await manifestsAfter(read, known.id, query)
        .where('subject_digest', '=', subject)
        .execute();
      const fallback = await fallbackReferrers(read, known.id, subject);
      const rows = merge([...own, ...(await listedRows(read, known.id, query, fallback))]);
      return {
        referrers: rows.slice(0, query.limit).map(toDescriptor),
        hasMore: rows.length > query.limit,
      };
    },
  };
}
