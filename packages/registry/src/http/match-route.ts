// Finds the route of a path. Repository names have slashes and may contain `blobs`, `manifests`,
// `tags` or `uploads`, so a path is read from its right end (reference oci-registry.md §1.2). Names
// are not percent-decoded: one with `%2F`, `//` or `..` goes on as it is and fails its grammar.

export interface RoutePattern {
  readonly method: string;
  /** `/v2/…`; `<name>` is a repository name, another `<…>` at the end one non-empty part. */
  readonly pattern: string;
}

export interface RouteMatch<R> {
  /** By method. */
  readonly routes: ReadonlyMap<string, R>;
  /** Not yet checked; undefined on routes of the registry itself. */
  readonly name: string | undefined;
  readonly parameter: string;
}

interface Resource<R> {
  readonly tail: readonly string[];
  readonly routes: Map<string, R>;
}

const PREFIX = '/v2/';
const NAMED = '/v2/<name>/';

function isParameter(part: string): boolean {
  return part.startsWith('<');
}

function literals(resource: Resource<unknown>): number {
  return resource.tail.filter((part) => !isParameter(part)).length;
}

function fits(tail: readonly string[], parts: readonly string[]): boolean {
  const from = parts.length - tail.length;
  if (from < 1) return false;
  for (let i = tail.length - 1; i >= 0; i--) {
    const expected = tail[i] ?? '';
    const part = parts[from + i] ?? '';
    if (isParameter(expected) ? part === '' : part !== expected) return false;
  }
  return true;
}

/** A digest may come with its colon encoded. A broken encoding stays, and fails the grammar later. */
function decode(part: string): string {
  if (!part.includes('%')) return part;
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Groups the table by pattern; more specific ones are tried first. */
function groupByPattern<R extends RoutePattern>(table: readonly R[]): Map<string, Map<string, R>> {
  const groups = new Map<string, Map<string, R>>();
  for (const route of table) {
    const group = groups.get(route.pattern) ?? new Map<string, R>();
    group.set(route.method, route);
    groups.set(route.pattern, group);
  }
  return groups;
}

export function createRouteMatcher<R extends RoutePattern>(
  table: readonly R[],
): (path: string) => RouteMatch<R> | undefined {
  const fixed = new Map<string, RouteMatch<R>>();
  const resources: Resource<R>[] = [];
  for (const [pattern, routes] of groupByPattern(table)) {
    // `/v2` and `…/blobs/uploads` come without their slash, too.
    const slashless = pattern.endsWith('/') ? [pattern.slice(0, -1)] : [];
    for (const form of [pattern, ...slashless]) {
      if (form.startsWith(NAMED)) {
        resources.push({ tail: form.slice(NAMED.length).split('/'), routes });
      } else fixed.set(form, { routes, name: undefined, parameter: '' });
    }
  }
  resources.sort((a, b) => literals(b) - literals(a));

  return (path) => {
    const match = fixed.get(path);
    if (match !== undefined || !path.startsWith(PREFIX)) return match;
    const parts = path.slice(PREFIX.length).split('/');
    const resource = resources.find(({ tail }) => fits(tail, parts));
    if (resource === undefined) return undefined;
    const { tail, routes } = resource;
    const last = tail.at(-1) ?? '';
    return {
      routes,
      name: parts.slice(0, parts.length - tail.length).join('/'),
      parameter: isParameter(last) ? decode(parts.at(-1) ?? '') : '',
    };
  };
}
