// Manifests by their `subject`: distribution-spec "Listing Referrers".
import type { Descriptor, Digest, RepositoryName } from '@portolan/oci';

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
