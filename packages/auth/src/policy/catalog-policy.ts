// Which repositories a catalog listing may show. Our own registry filters by the answer; another
// one lists everything to whoever may list, so there the catalog is for administrators only.
import type { CatalogFilter } from '@portolan/oci';
import type { PolicySettings } from './repository-policy.ts';

export interface CatalogFacts {
  readonly subject: { readonly isAdmin: boolean; readonly isDisabled: boolean } | undefined;
  readonly settings: PolicySettings;
  /** Whether the audience is a registry that honours the filter. */
  readonly isOwnService: boolean;
}

/** Undefined grants no catalog. `namespaceIds` are those on which the subject has a role. */
export function catalogFilter(
  { subject, settings, isOwnService }: CatalogFacts,
  namespaceIds: readonly number[],
): CatalogFilter | undefined {
  if (subject?.isDisabled === true) return undefined;
  if (subject?.isAdmin === true) return 'all';
  if (!isOwnService) return undefined;
  if (subject !== undefined) return { visibilities: ['public', 'protected'], namespaceIds };
  return settings.anonymous ? { visibilities: ['public'], namespaceIds: [] } : undefined;
}
