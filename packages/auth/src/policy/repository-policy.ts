// Who may do what in a repository: reference "Authorization policy", one pure function an action.
// Visibility decides pulls and nothing else; pushes and deletes hang on roles alone.
import type { RepositoryAction } from '@portolan/oci';
import type { NamespaceAccess } from '@portolan/storage';

export type PushPolicy = 'allow-teams' | 'allow-personal' | 'admin-only';

export interface PolicySettings {
  /** Who, besides administrators, may push: teams and owners, owners alone, or nobody. */
  readonly push: PushPolicy;
  /** Whether anybody may delete. */
  readonly delete: boolean;
  readonly contributorsMayDelete: boolean;
  /** False treats `public` as `protected`. */
  readonly anonymous: boolean;
}

/** One subject and one namespace, as they are now. */
export interface PolicyFacts {
  /** Undefined is anonymous. */
  readonly subject: { readonly isAdmin: boolean; readonly isDisabled: boolean } | undefined;
  /** Undefined when there is no such namespace. */
  readonly access: NamespaceAccess | undefined;
  readonly settings: PolicySettings;
}

/** Any role will do, a viewer's too. */
export function canPull({ subject, access, settings }: PolicyFacts): boolean {
  if (subject?.isDisabled === true) return false;
  if (subject?.isAdmin === true) return true;
  if (access === undefined) return false;
  if (access.isOwn || access.role !== undefined) return true;
  const { visibility } = access.namespace;
  if (subject !== undefined) return visibility === 'public' || visibility === 'protected';
  return visibility === 'public' && settings.anonymous;
}

/**
 * Administrators may push where no namespace is yet: the first push makes it, private. To a mirror
 * nobody may: what lies there is what the upstream has.
 */
export function canPush({ subject, access, settings }: PolicyFacts): boolean {
  if (subject === undefined || subject.isDisabled || access?.namespace.isMirror) return false;
  if (subject.isAdmin) return true;
  if (access === undefined) return false;
  if (access.isOwn) return settings.push === 'allow-teams' || settings.push === 'allow-personal';
  const isWriter = access.role === 'contributor' || access.role === 'owner';
  return isWriter && settings.push === 'allow-teams';
}

/** A right of its own, never implied by push. In a mirror it is the administrators' alone. */
export function canDelete({ subject, access, settings }: PolicyFacts): boolean {
  if (subject === undefined || subject.isDisabled || !settings.delete) return false;
  if (subject.isAdmin) return true;
  if (access === undefined || access.namespace.isMirror) return false;
  if (access.isOwn || access.role === 'owner') return true;
  return access.role === 'contributor' && settings.contributorsMayDelete;
}

export const REPOSITORY_POLICY = {
  pull: canPull,
  push: canPush,
  delete: canDelete,
} as const satisfies Record<RepositoryAction, (facts: PolicyFacts) => boolean>;
