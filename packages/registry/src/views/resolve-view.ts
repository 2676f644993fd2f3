// Which window a request looks through. One image can be asked for in five shapes (by its canonical name,
// under another host name, with the registry before `/v2`, with `ns`, or with several of these at once),
// and all of them end at one repository. Two that disagree are an error, never a choice.
import { RepositoryName, UpstreamHost } from '@portolan/oci';
import type { ViewStore } from '@portolan/storage';
import { RegistryError } from '../registry-error.ts';
import { createFindView, type NamedRegistry } from './find-view.ts';
import { readViewPath } from './view-path.ts';

/** A request target in its parts, as they were sent. */
export interface SentTarget {
  readonly host: string | undefined;
  readonly path: string;
  readonly query: URLSearchParams;
}

export interface ResolvedTarget {
  /** The mirrored registry through whose names the request looks; undefined is our own. */
  readonly view: UpstreamHost | undefined;
  /** As the route table has it, from `/v2` on. */
  readonly path: string;
}

export type ResolveView = (sent: SentTarget) => ResolvedTarget | Promise<ResolvedTarget>;

const MAX_SHOWN = 256;

function unknown(name: string): never {
  throw new RegistryError('view-unknown', 'no registry of this name is mirrored here', {
    name: name.slice(0, MAX_SHOWN),
  });
}

function conflict(names: readonly string[]): never {
  throw new RegistryError('view-unknown', 'the request names different registries', {
    names: names.map((name) => name.slice(0, MAX_SHOWN)),
    hint: 'name one registry: in the host name, before /v2, or in ns',
  });
}

export interface ViewResolverDeps {
  readonly publicUrl: string;
  readonly views: ViewStore;
}

export function createViewResolver({ publicUrl, views }: ViewResolverDeps): ResolveView {
  const ownHost = new URL(publicUrl).host;
  const find = createFindView(publicUrl, views);

  /** Another host name is one of ours that we were not told of: a load balancer's, an address. */
  async function ofHost(host: string): Promise<UpstreamHost | undefined> {
    const named = await find.byName(host);
    if (named === undefined && find.isVirtualHost(host)) unknown(host);
    return named === 'own' ? undefined : named;
  }

  async function resolve({ host = '', path, query }: SentTarget): Promise<ResolvedTarget> {
    const inPath = readViewPath(path);
    const names = [...(inPath === undefined ? [] : [inPath.name]), ...query.getAll('ns')];
    const found = new Set<NamedRegistry>();
    const ofConnection = host === ownHost ? undefined : await ofHost(host);
    if (ofConnection !== undefined) found.add(ofConnection);
    for (const name of names) found.add((await find.byName(name)) ?? unknown(name));
    if (found.size > 1) conflict(ofConnection === undefined ? names : [host, ...names]);
    const [named = 'own'] = found;
    return { view: named === 'own' ? undefined : named, path: inPath?.path ?? path };
  }

  return (sent) => {
    const { host, path, query } = sent;
    // Nearly every request; it must cost nothing here.
    const isPlain = host === ownHost && path.startsWith('/v2/') && !query.has('ns');
    return isPlain ? { view: undefined, path } : resolve(sent);
  };
}

/** The repository that a name in the path means. @throws DomainError `name-invalid` */
export function repositoryInView(view: UpstreamHost | undefined, name: string): RepositoryName {
  if (view === undefined) return RepositoryName.parse(name);
  const path = UpstreamHost.qualify(view, UpstreamHost.unprefixed(view, name));
  return RepositoryName.parse(`${UpstreamHost.namespaceOf(view)}/${path}`);
}
