import type { Visibility } from '@portolan/oci';
import type { Role } from '../teams/team-store.ts';

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

export interface NamespaceSettings {
  readonly visibility?: Visibility;
  readonly allowsSparseIndexes?: boolean;
  /** Name of the new owning team. */
  readonly team?: string;
}

export interface NamespaceStore {
  /** Private until set otherwise. @throws StorageError `name-taken`, `not-found` (the team) */
  create(namespace: { name: string; team?: string }, actor: string): Promise<Namespace>;
  find(name: string): Promise<Namespace | undefined>;
  list(): Promise<readonly Namespace[]>;
  /** Undefined when there is no such namespace. `subjectId` undefined is anonymous. */
  accessOf(subjectId: number | undefined, name: string): Promise<NamespaceAccess | undefined>;
  /** Namespaces on which the subject has a role or that are its own: the part of the catalog filter. */
  idsOf(subjectId: number): Promise<readonly number[]>;
  /** Ends the access of tokens already issued for it. @throws StorageError `not-found` */
  set(name: string, settings: NamespaceSettings, actor: string): Promise<void>;
  /**
   * @throws StorageError `not-found`, `still-in-use` while it holds repositories and `withContent`
   *   is false, or when it is the global one or a user's own
   */
  delete(name: string, withContent: boolean, actor: string): Promise<void>;
}
