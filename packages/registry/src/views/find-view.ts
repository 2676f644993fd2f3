// Which mirrored registry a name means. The closed world of views: a name is ours, or that of a registry
// whose namespace is here, or none. Nothing is ever dialled, and no list of what there is goes out.
import { UpstreamHost } from '@portolan/oci';
import type { ViewStore } from '@portolan/storage';
import { RegistryError } from '../registry-error.ts';

/** `own` is this registry itself: no view. */
export type NamedRegistry = UpstreamHost | 'own';

export interface FindView {
  /** Undefined when there is no view of that name. @throws RegistryError `view-unknown` */
  byName(text: string): Promise<NamedRegistry | undefined>;
  /** Whether the name could only be a view's: it is one label, made from a host's, before our own host. */
  isVirtualHost(text: string): boolean;
}

// Host names of registries have a dot or a port, and both are `-` in a label.
const LABEL = /^[a-z0-9-]*-[a-z0-9-]*$|^localhost$/;

function ambiguous(name: string): never {
  throw new RegistryError('view-unknown', 'several mirrored registries have this virtual host', {
    name,
    hint: 'use the path /HOST/v2/ or the query ns=HOST, with the name of the registry meant',
  });
}

/** Host names may come absolute, with a dot at their end. */
function withoutDot(text: string): string {
  return text.replace(/\.(?=$|:)/, '');
}

/** @param publicUrl where clients reach this registry */
export function createFindView(publicUrl: string, views: ViewStore): FindView {
  const { host, hostname } = new URL(publicUrl);
  const own = UpstreamHost.find(host);
  const suffix = `.${hostname}`;

  function virtualLabel(text: string): string | undefined {
    const name = withoutDot(text).toLowerCase().replace(/:\d+$/, '');
    const label = name.endsWith(suffix) ? name.slice(0, -suffix.length) : '';
    return LABEL.test(label) ? label : undefined;
  }

  async function byLabel(label: string, name: string): Promise<UpstreamHost | undefined> {
    const hosts = (await views.all()).map(UpstreamHost.ofNamespace);
    const meant = hosts.filter((one) => one !== undefined && UpstreamHost.labelOf(one) === label);
    return meant.length > 1 ? ambiguous(name) : meant[0];
  }

  return {
    isVirtualHost: (text) => virtualLabel(text) !== undefined,
    async byName(text) {
      const named = UpstreamHost.find(withoutDot(text).replace(/_(\d{1,5})$/, ':$1'));
      if (named === undefined) return undefined;
      if (named === own) return 'own';
      // A registry's own name goes before what it might be a label of.
      if (await views.find(UpstreamHost.namespaceOf(named))) return named;
      const label = virtualLabel(text);
      return label === undefined ? undefined : byLabel(label, text);
    },
  };
}
