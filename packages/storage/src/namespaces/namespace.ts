// Namespaces, as the other packages see them.
import type { Visibility } from '@portolan/oci';
import type { Role } from '../teams/team.ts';

export type NamespaceKind = 'global' | 'personal' | 'team';

export interface Namespace {
  readonly id: number;
  /** '' is the global namespace. */
  readonly name: string;
  readonly kind: NamespaceKind;
  /** Name of the owning team. Undefined for a team namespace that only administrators manage. */
  readonly team: string | undefined;
  /** Name of the owning user, for kind `personal`. */
  readonly owner: string | undefined;
  readonly visibility: Visibility;
  readonly allowsSparseIndexes: boolean;
  /** Its content comes by mirror rules and bundles alone; nobody may push. */
  readonly isMirror: boolean;
  readonly generation: number;
  readonly createdAt: number;
}

/** What the policy needs to know of one subject and one namespace. */
export interface NamespaceAccess {
  readonly namespace: Namespace;
  /** The subject's role in the owning team. */
  readonly role: Role | undefined;
  /** The namespace is the subject's own personal one. */
  readonly isOwn: boolean;
}

export interface NewNamespace {
  readonly name: string;
  /** Name of the owning team; without one only administrators have rights on it. */
  readonly team?: string;
  readonly visibility?: Visibility;
}

export interface NamespaceSettings {
  readonly visibility?: Visibility;
  readonly allowsSparseIndexes?: boolean;
  /** False makes a mirror an ordinary namespace; it becomes one by a mirror rule, never by this. */
  readonly isMirror?: false;
  /** Name of the new owning team. */
  readonly team?: string;
}
