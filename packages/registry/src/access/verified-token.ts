// What a token says, once its signature has been checked: whose it is and what it grants.
import {
  type Access,
  type AccessStamp,
  type CatalogFilter,
  Scope,
  type Stamp,
} from '@portolan/oci';

export interface VerifiedToken {
  /** `sub`; '' is anonymous. */
  readonly subject: string;
  /** Seconds since the epoch; -Infinity when the token does not say. */
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** Actions by repository name. */
  readonly grants: ReadonlyMap<string, ReadonlySet<string>>;
  /** Which repositories a catalog may show; undefined when the catalog is not granted. */
  readonly catalog: CatalogFilter | undefined;
  /** Undefined in the tokens of another token service. */
  readonly stamp: AccessStamp | undefined;
}

export function may(token: VerifiedToken, repository: string, action: string): boolean {
  return token.grants.get(repository)?.has(action) === true;
}

type Claims = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Claims {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isAccess(value: unknown): value is Access {
  return (
    isObject(value) &&
    typeof value['type'] === 'string' &&
    typeof value['name'] === 'string' &&
    Array.isArray(value['actions']) &&
    value['actions'].every((action) => typeof action === 'string')
  );
}

/** `*` in a token of another service is what it stands for, as distribution reads it. */
function expand(actions: readonly string[]): readonly string[] {
  return actions.includes('*') ? Scope.REPOSITORY_ACTIONS : actions;
}

function readGrants(accesses: readonly Access[]): Map<string, Set<string>> {
  const grants = new Map<string, Set<string>>();
  for (const { type, name, actions } of accesses) {
    if (type !== 'repository') continue;
    const granted = grants.get(name) ?? new Set<string>();
    for (const action of expand(actions)) granted.add(action);
    grants.set(name, granted);
  }
  return grants;
}

function isStamp(value: unknown): value is Stamp {
  return Array.isArray(value) && value.length === 2 && value.every(Number.isSafeInteger);
}

function isCatalogFilter(value: unknown): value is CatalogFilter {
  if (value === 'all') return true;
  if (!isObject(value)) return false;
  const { visibilities, namespaceIds } = value;
  return (
    Array.isArray(visibilities) &&
    visibilities.every((entry) => typeof entry === 'string') &&
    Array.isArray(namespaceIds) &&
    namespaceIds.every(Number.isSafeInteger)
  );
}

function isAccessStamp(value: unknown): value is AccessStamp {
  if (!isObject(value)) return false;
  const { subject, namespaces, catalog } = value;
  return (
    (subject === undefined || isStamp(subject)) &&
    isObject(namespaces) &&
    Object.values(namespaces).every(isStamp) &&
    (catalog === undefined || isCatalogFilter(catalog))
  );
}

/** Undefined when a claim has not the form that it must have; such a token is not believed at all. */
export function readClaims(claims: Claims): VerifiedToken | undefined {
  const { sub = '', exp, iat, access = [], portolan } = claims;
  if (typeof sub !== 'string' || typeof exp !== 'number') return undefined;
  if (!Array.isArray(access) || !access.every(isAccess)) return undefined;
  if (portolan !== undefined && !isAccessStamp(portolan)) return undefined;
  const hasCatalog = access.some(
    (entry) => entry.type === 'registry' && entry.name === 'catalog' && entry.actions.includes('*'),
  );
  return {
    subject: sub,
    issuedAt: typeof iat === 'number' ? iat : Number.NEGATIVE_INFINITY,
    expiresAt: exp,
    grants: readGrants(access),
    catalog: hasCatalog ? (portolan?.catalog ?? 'all') : undefined,
    stamp: portolan,
  };
}
