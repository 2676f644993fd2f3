// Repository names: distribution-spec, "Pulling manifests", `<name>`. The namespace, a Portus word,
// is the part before the first slash; a name without a slash is in the global namespace, ''.
import { DomainError } from './domain-error.ts';

declare const brand: unique symbol;

/** A name that satisfies the spec's grammar, at most 200 characters. */
export type RepositoryName = string & { readonly [brand]: 'RepositoryName' };

// Clients cap host + '/' + name at 255 characters; 200 leaves room for the longest host names.
const MAX_LENGTH = 200;
const COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;

function find(text: string): RepositoryName | undefined {
  if (text.length === 0 || text.length > MAX_LENGTH) return undefined;
  for (const component of text.split('/')) {
    if (!COMPONENT.test(component)) return undefined;
  }
  return text as RepositoryName;
}

/** @throws DomainError `name-invalid` */
function parse(text: string): RepositoryName {
  const name = find(text);
  if (name !== undefined) return name;
  throw new DomainError('name-invalid', 'repository name is malformed', {
    name: text.slice(0, 2 * MAX_LENGTH),
    hint: `use path parts of lower-case letters and digits, joined by '.', '_', '__' or '-', at most ${MAX_LENGTH} characters in all`,
  });
}

/** The namespace of a repository: its first path part, or '' (global) when there is no slash. */
function namespace(name: RepositoryName): string {
  const slash = name.indexOf('/');
  return slash === -1 ? '' : name.slice(0, slash);
}

export const RepositoryName = { parse, find, namespace, MAX_LENGTH } as const;

/** Whether `text` may name a namespace: one path part of a repository name. */
export function isNamespaceName(text: string): boolean {
  return text.length <= 100 && COMPONENT.test(text);
}
