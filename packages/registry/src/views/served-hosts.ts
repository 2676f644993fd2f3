// Which hosts this registry answers as, for whoever leads connections here: our own, and those of mirrored
// registries by every name that a request could come under.
import { UpstreamHost } from '@portolan/oci';
import type { ViewStore } from '@portolan/storage';
import { RegistryError } from '../registry-error.ts';
import { createFindView, type NamedRegistry } from './find-view.ts';

export interface ServedHosts {
  /** Undefined when a connection to that host and port is not for us. */
  find(host: string, port: number): Promise<NamedRegistry | undefined>;
}

function portOf({ port, protocol }: URL): number {
  if (port !== '') return Number(port);
  return protocol === 'https:' ? 443 : 80;
}

export function createServedHosts(publicUrl: string, store: ViewStore): ServedHosts {
  const ownPort = portOf(new URL(publicUrl));
  const views = createFindView(publicUrl, store);

  async function named(text: string): Promise<NamedRegistry | undefined> {
    try {
      return await views.byName(text);
    } catch (error) {
      // A name that several registries share is nobody's.
      if (error instanceof RegistryError && error.code === 'view-unknown') return undefined;
      throw error;
    }
  }

  return {
    async find(host, port) {
      const text = `${host}:${port}`;
      const found = await named(text);
      if (found === undefined || found === 'own' || found === UpstreamHost.find(text)) return found;
      // By a label below our name, which leads to our port alone.
      return port === ownPort ? found : undefined;
    },
  };
}
