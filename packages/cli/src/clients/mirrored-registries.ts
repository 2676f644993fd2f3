// The registries that are mirrored here: those that a view is there for.
import { UpstreamHost } from '@portolan/oci';
import type { Storage } from '@portolan/storage';

export async function listMirrored({ views }: Pick<Storage, 'views'>): Promise<UpstreamHost[]> {
  const hosts = (await views.all()).map(UpstreamHost.ofNamespace);
  return hosts.filter((host) => host !== undefined);
}
