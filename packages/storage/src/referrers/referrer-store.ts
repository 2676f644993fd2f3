// Manifests by their `subject`: distribution-spec "Listing Referrers".
// The descriptors are made from the stored manifests, never from what a fallback index says of them.
//
// Annotations and artifact types may each be megabytes, and there may be thousands of referrers, of
// which anybody who may pull can ask: so a page is first chosen by sizes, which cost SQLite no reading
// of what they measure, and no manifest is parsed (reference S14).
import {
  type Descriptor,
  type Digest,
  DOCKER_MANIFEST_LIST,
  OCI_INDEX,
  type RepositoryName,
} from '@portolan/oci';
import { type Selectable, sql } from 'kysely';
import type { Reader } from '../database/transaction.ts';
import type { Schema } from '../database/schema.ts';
import { digestChunks } from '../manifests/digest-chunks.ts';
import type { StoreDeps } from '../store-deps.ts';
import { fallbackTag } from './fallback-tag.ts';

export interface ReferrerQuery {
  readonly artifactType?: string;
  /** Exclusive; the digest of the last referrer of the page before. */
  readonly last?: Digest;
  readonly limit: number;
  /** What annotations and artifact types of a page may come to; one referrer always fits. */
  readonly maxBytes: number;
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

interface Subject {
  readonly repositoryId: number;
  readonly digest: Digest;
}

interface Sized {
  readonly digest: string;
  readonly bytes: number;
}

type Row = Pick<
  Selectable<Schema['manifest']>,
  'digest' | 'media_type' | 'size' | 'artifact_type' | 'annotations'
>;

const BYTES = sql<number>`octet_length(manifest.annotations)
  + coalesce(octet_length(manifest.artifact_type), 0)`;

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

/** One more than the page takes, to know whether there is more. */
function sizesAfter(read: Reader, { repositoryId }: Subject, query: ReferrerQuery) {
  let manifests = read
    .selectFrom('manifest')
    .select(['manifest.digest', BYTES.as('bytes')])
    .where('manifest.repository_id', '=', repositoryId)
    .orderBy('manifest.digest')
    .limit(query.limit + 1);
  if (query.last !== undefined) manifests = manifests.where('manifest.digest', '>', query.last);
  if (query.artifactType !== undefined) {
    manifests = manifests.where('manifest.artifact_type', '=', query.artifactType);
  }
  return manifests;
}

/** The manifests here among those that the subject's fallback index lists. */
function listedSizes(read: Reader, subject: Subject, query: ReferrerQuery) {
  const listed = read
    .selectFrom('tag')
    .innerJoin('manifest as fallback', 'fallback.id', 'tag.manifest_id')
    .innerJoin('manifest_reference', 'manifest_reference.manifest_id', 'fallback.id')
    .select('manifest_reference.digest')
    .where('tag.repository_id', '=', subject.repositoryId)
    .where('tag.name', '=', fallbackTag(subject.digest))
    .where('fallback.media_type', 'in', [OCI_INDEX, DOCKER_MANIFEST_LIST]);
  return sizesAfter(read, subject, query).where('manifest.digest', 'in', listed);
}

/** Both lists are ascending and long enough for one page and one more, so their merge is too. */
function merge(sizes: readonly Sized[]): Sized[] {
  const byDigest = new Map(sizes.map((sized) => [sized.digest, sized]));
  return [...byDigest.values()].sort((a, b) => (a.digest < b.digest ? -1 : 1));
}

function fitPage(sizes: readonly Sized[], { limit, maxBytes }: ReferrerQuery): string[] {
  let bytes = 0;
  const end = sizes.findIndex((sized, i) => {
    bytes += sized.bytes;
    return i === limit || (i > 0 && bytes > maxBytes);
  });
  return sizes.slice(0, end === -1 ? sizes.length : end).map(({ digest }) => digest);
}

async function readRows(read: Reader, { repositoryId }: Subject, digests: readonly string[]) {
  const rows: Row[] = [];
  for (const chunk of digestChunks(digests)) {
    const found = await read
      .selectFrom('manifest')
      .select(['digest', 'media_type', 'size', 'artifact_type', 'annotations'])
      .where('repository_id', '=', repositoryId)
      .where('digest', 'in', chunk)
      .orderBy('digest')
      .execute();
    rows.push(...found);
  }
  return rows;
}

export function createReferrerStore({ database: { read } }: StoreDeps): ReferrerStore {
  return {
    async list(repository, digest, query) {
      const known = await read
        .selectFrom('repository')
        .select('id')
        .where('name', '=', repository)
        .executeTakeFirst();
      if (known === undefined || query.limit <= 0) return { referrers: [], hasMore: false };
      const subject = { repositoryId: known.id, digest };
      const own = await sizesAfter(read, subject, query)
        .where('manifest.subject_digest', '=', digest)
        .execute();
      const sizes = merge([...own, ...(await listedSizes(read, subject, query).execute())]);
      const page = fitPage(sizes, query);
      const rows = await readRows(read, subject, page);
      return { referrers: rows.map(toDescriptor), hasMore: page.length < sizes.length };
    },
  };
}
