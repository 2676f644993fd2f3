// A token request for a view: the realm of the challenge carried `ns`, the mirrored registry under whose
// names the client pulls. Clients keep it, and ask for scopes in that registry's own names.
import { Scope, UpstreamHost } from '@portolan/oci';
import type { ViewStore } from '@portolan/storage';

export interface TokenView {
  /** Undefined when no such registry is mirrored here: then nothing can be granted. */
  readonly host: UpstreamHost | undefined;
}

/** Undefined without a view; so too when `ns` names ourselves. */
export type ReadTokenView = (query: URLSearchParams) => Promise<TokenView | undefined>;

/** @param publicUrl where clients reach this host */
export function createTokenViews(publicUrl: string, views: ViewStore): ReadTokenView {
  const own = UpstreamHost.find(new URL(publicUrl).host);
  return async (query) => {
    const names = new Set(query.getAll('ns').map(UpstreamHost.named));
    const [host] = names;
    if (names.size === 0 || (host !== undefined && host === own && names.size === 1)) {
      return undefined;
    }
    if (host === undefined || names.size > 1) return { host: undefined };
    const isMirrored = await views.find(UpstreamHost.namespaceOf(host));
    return { host: isMirrored ? host : undefined };
  };
}

/**
 * What the scopes mean: `busybox`, `library/busybox` and `docker.io/library/busybox` are one repository
 * at Docker Hub, and containerd asks for two of them at once. A view is for pulls alone.
 */
export function scopesInView({ host }: TokenView, scopes: readonly Scope[]): Scope[] {
  if (host === undefined) return [];
  const names = scopes.map((scope) =>
    scope.type === 'repository' && scope.actions.includes('pull')
      ? UpstreamHost.repository(host, UpstreamHost.unprefixed(host, scope.name))
      : undefined,
  );
  const distinct = new Set(names.filter((name) => name !== undefined));
  return [...distinct].map((name) => ({ type: 'repository', name, actions: ['pull'] }));
}
