import type { CatalogFilter } from '@portolan/oci';
import type { PageRequest } from '../tags/tag-store.ts';

export interface RepositoryPage {
  /** Bytewise ascending. Only repositories that hold a manifest. */
  readonly names: readonly string[];
  readonly hasMore: boolean;
}

export interface RepositoryStore {
  /** The filter is part of the query, so that a page never tells how much it hides. */
  list(filter: CatalogFilter, page: PageRequest): Promise<RepositoryPage>;
}
