// Token scopes: distribution's "Token Scope Documentation" grammar, read as leniently as clients
// need: one scope that makes no sense is ignored and never fails the request (containerd#9648).
import { RepositoryName } from './repository-name.ts';

/** What a token grants on one resource; the entry of the `access` claim. */
export interface Access {
  readonly type: string;
  readonly name: string;
  readonly actions: readonly string[];
}

export type RepositoryAction = 'pull' | 'push' | 'delete';

/** A requested scope that we understand. The catalog has the one action `*`. */
export type Scope =
  | {
      readonly type: 'repository';
      readonly name: RepositoryName;
      readonly actions: readonly RepositoryAction[];
    }
  | { readonly type: 'registry'; readonly name: 'catalog'; readonly actions: readonly ['*'] };

const REPOSITORY_ACTIONS: readonly RepositoryAction[] = ['pull', 'push', 'delete'];
const TYPE = /^([a-z0-9]+)(?:\([a-z0-9]+\))?$/;
const MAX_SCOPES = 100;

function repositoryActions(list: string): RepositoryAction[] {
  const wanted = new Set(list.split(','));
  // `*` is what it stands for, so that it never widens a grant (Portus flaw 8).
  return REPOSITORY_ACTIONS.filter((action) => wanted.has('*') || wanted.has(action));
}

/** A name may start with `host:port/`, so the text is split at its first and its last colon. */
function parseOne(text: string): Scope | undefined {
  const first = text.indexOf(':');
  const last = text.lastIndexOf(':');
  if (first === -1 || first === last) return undefined;
  const type = TYPE.exec(text.slice(0, first))?.[1];
  const name = text.slice(first + 1, last);
  const actions = text.slice(last + 1);
  if (type === 'registry' && name === 'catalog') {
    // moby's search asks `registry:catalog:search`; the catalog has one right.
    return actions === '' ? undefined : { type, name, actions: ['*'] };
  }
  const repository = type === 'repository' ? RepositoryName.find(name) : undefined;
  if (repository === undefined) return undefined;
  return { type: 'repository', name: repository, actions: repositoryActions(actions) };
}

/** Several scopes for one repository are one scope with all their actions. */
function merge(scopes: readonly Scope[]): Scope[] {
  const byName = new Map<string, Scope>();
  for (const scope of scopes) {
    const key = `${scope.type}:${scope.name}`;
    const known = byName.get(key);
    if (known?.type === 'repository' && scope.type === 'repository') {
      const all = new Set([...known.actions, ...scope.actions]);
      const actions = REPOSITORY_ACTIONS.filter((action) => all.has(action));
      byName.set(key, { ...scope, actions });
    } else byName.set(key, scope);
  }
  return [...byName.values()];
}

/**
 * Reads the `scope` parameters of a token request: repeated, or space-separated in one value, or both.
 * Unknown types and actions are dropped; scopes past the hundredth too.
 */
function parseAll(values: readonly string[]): Scope[] {
  const texts = values.flatMap((value) => value.split(' ')).filter((text) => text !== '');
  const scopes = texts.slice(0, MAX_SCOPES).map(parseOne);
  return merge(scopes.filter((scope) => scope !== undefined));
}

/** `repository:team/app:pull,push`; several are joined by one space. */
function format(accesses: readonly Access[]): string {
  return accesses
    .map((access) => `${access.type}:${access.name}:${access.actions.join(',')}`)
    .join(' ');
}

export const Scope = { parseAll, format, REPOSITORY_ACTIONS } as const;
