// Repositories as a list; they are made by what is pushed into them (ensure-repository.ts).
import { type CatalogFilter, RepositoryName } from '@portolan/oci';
import type { Reader } from '../database/transaction.ts';
import type { PageRequest } from '../page-request.ts';
import { isMirror } from '../namespaces/namespace-rows.ts';
import type { StoreDeps } from '../store-deps.ts';

export interface RepositoryPage {
  /** Bytewise ascending. Only repositories that hold a manifest. */
  readonly names: readonly string[];
  readonly hasMore: boolean;
}

export interface RepositoryStore {
  /** The filter is part of the query, so that a page never tells how much it hides. */
  list(filter: CatalogFilter, page: PageRequest): Promise<RepositoryPage>;
  /** Whether its namespace takes content from the mirror alone; the repository need not be there. */
  isInMirror(repository: RepositoryName): Promise<boolean>;
}

/** Those that hold a manifest. */
function inUse(read: Reader) {
  return read
    .selectFrom('repository')
    .select('repository.name')
    .where((eb) =>
      eb.exists(
        eb
          .selectFrom('manifest')
          .select('manifest.id')
          .whereRef('manifest.repository_id', '=', 'repository.id'),
      ),
    );
}

function visible(read: Reader, filter: CatalogFilter) {
  if (filter === 'all') return inUse(read);
  const { visibilities, namespaceIds } = filter;
  return inUse(read)
    .innerJoin('namespace', 'namespace.id', 'repository.namespace_id')
    .where((eb) =>
      eb.or([
        // An empty `or` would be true: whoever may see nothing sees nothing.
        eb.lit(false),
        ...(visibilities.length === 0 ? [] : [eb('namespace.visibility', 'in', visibilities)]),
        // As many ids as fit in a token; the header that brings it has a limit far below SQLite's.
        ...(namespaceIds.length === 0 ? [] : [eb('namespace.id', 'in', namespaceIds)]),
      ]),
    );
}

export function createRepositoryStore({ database }: StoreDeps): RepositoryStore {
  return {
    async list(filter, { last, limit }) {
      if (limit <= 0) return { names: [], hasMore: false };
      let query = visible(database.read, filter);
      if (last !== undefined) query = query.where('repository.name', '>', last);
      const rows = await query
        .orderBy('repository.name')
        .limit(limit + 1)
        .execute();
      return { names: rows.slice(0, limit).map((row) => row.name), hasMore: rows.length > limit };
    },
    isInMirror: (repository) => isMirror(database.read, RepositoryName.namespace(repository)),
  };
}
