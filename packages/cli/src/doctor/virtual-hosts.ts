// The names below the registry's own that stand for mirrored registries, as far as they are known here.
import { UpstreamHost } from '@portolan/oci';
import { bareHost } from '../connection/server-trust.ts';
import type { Server } from './server.ts';

/** Without a port, and without the brackets of an IPv6 address. */
export function hostOf({ address }: Pick<Server, 'address'>): string {
  return bareHost(new URL(address.origin));
}

/** Without a port; none where which registries are mirrored is not known. */
export function virtualHostsOf(server: Pick<Server, 'address' | 'views'>): readonly string[] {
  const labels = (server.views ?? []).map((view) => UpstreamHost.labelOf(view));
  return labels.flatMap((label) => (label === undefined ? [] : [`${label}.${hostOf(server)}`]));
}
