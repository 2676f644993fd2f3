// Whether the server at an address is the one that the settings of this machine are of. A clone with an old
// quick start in it, or the box of another registry, says nothing about the server that `--url` names.
import type { RegistryAddress } from '@portolan/clients';
import { UpstreamHost } from '@portolan/oci';
import type { ViewStore } from '@portolan/storage';
import type { ListenAddress } from '../config/listen-address.ts';
import { isLoopback } from '../config/loopback-host.ts';

/** By what a server is known. */
export interface OwnNames {
  readonly publicUrl: string;
  readonly listen: readonly ListenAddress[];
  /** Undefined where the database cannot be asked. */
  readonly views: Pick<ViewStore, 'find'> | undefined;
}

function portOf({ port, protocol }: URL): number {
  if (port !== '') return Number(port);
  return protocol === 'https:' ? 443 : 80;
}

/** By the name that clients use, or one label below, where a registry has its other names. */
function isNamed(url: URL, own: URL): boolean {
  const [, ...parents] = url.hostname.split('.');
  const isBelow = parents.join('.') === own.hostname;
  if (!isLoopback(own.hostname)) return isBelow || url.hostname === own.hostname;
  // Of the servers on this machine, by any name of it, the one at that port.
  return portOf(url) === portOf(own) && (isBelow || isLoopback(url.hostname));
}

/** At its own address, past the proxy. */
function listensAt(url: URL, address: ListenAddress): boolean {
  if (address.kind !== 'tcp' || address.port !== portOf(url)) return false;
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  const isReached = isLoopback(host) || host === '0.0.0.0' || host === '[::]';
  return host === url.hostname || (isReached && isLoopback(url.hostname));
}

export async function isOwnServer(address: RegistryAddress, names: OwnNames): Promise<boolean> {
  const url = new URL(address.origin);
  if (isNamed(url, new URL(names.publicUrl))) return true;
  if (names.listen.some((one) => listensAt(url, one))) return true;
  // Clients that ask for a mirrored registry by its name may be led here.
  const upstream = UpstreamHost.find(url.host);
  if (upstream === undefined || names.views === undefined) return false;
  return await names.views.find(UpstreamHost.namespaceOf(upstream));
}
