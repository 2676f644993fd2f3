// The claims of a registry token: distribution's "Token Authentication Implementation", plus one
// private claim with which our registry can tell that a right has been withdrawn since.
import type { Access } from './scope.ts';

export type Visibility = 'public' | 'protected' | 'private';

/** Which repositories a catalog listing may show. */
export type CatalogFilter =
  | 'all'
  | { readonly visibilities: readonly Visibility[]; readonly namespaceIds: readonly number[] };

/** A row's id and its generation at the time of issue: another id is another row of the same name. */
export type Stamp = readonly [id: number, generation: number];

/**
 * What the rights in a token were computed from. Tokens of another token service have none, and are
 * believed until they expire.
 */
export interface AccessStamp {
  /** Absent for anonymous. */
  readonly subject?: Stamp;
  /** By namespace name. Empty for administrators, whose rights hang on no namespace. */
  readonly namespaces: Readonly<Record<string, Stamp>>;
  readonly catalog?: CatalogFilter;
}

export interface TokenClaims {
  readonly iss: string;
  /** The authenticated subject's name; '' is anonymous. */
  readonly sub: string;
  readonly aud: string | readonly string[];
  /** Seconds since the epoch, as are `nbf` and `iat`. */
  readonly exp: number;
  readonly nbf: number;
  readonly iat: number;
  readonly jti: string;
  readonly access: readonly Access[];
  readonly portolan?: AccessStamp;
}
