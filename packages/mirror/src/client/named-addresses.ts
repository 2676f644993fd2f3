// The addresses of hosts that a person has named: those may be in networks of ours, and nothing beside them
// there. A name's addresses are those of its first answer; what a server has its own name lead to later
// opens no door.
import { BlockList, isIP } from 'node:net';

/** Not among them: link-local addresses, where clouds keep their metadata. */
const OWN_NETWORKS = [
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['::1', 128],
  ['fc00::', 7],
] as const;

export interface NamedAddresses {
  /** The addresses that a name was found to have; heeded once, and only of hosts that were named. */
  learn(hostname: string, addresses: readonly string[]): void;
  has(address: string): boolean;
}

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 4 ? 'ipv4' : 'ipv6');

export function createNamedAddresses(hosts: readonly string[]): NamedAddresses {
  const own = new BlockList();
  for (const [address, bits] of OWN_NETWORKS) own.addSubnet(address, bits, familyOf(address));
  const named = new BlockList();
  const add = (address: string): void => {
    if (own.check(address, familyOf(address))) named.addAddress(address, familyOf(address));
  };
  const unknown = new Set<string>();
  for (const host of hosts.map((one) => one.replace(/^\[|\]$/g, '').toLowerCase())) {
    if (isIP(host) === 0) unknown.add(host);
    else add(host);
  }
  return {
    learn(hostname, addresses) {
      if (addresses.length > 0 && unknown.delete(hostname.toLowerCase())) addresses.forEach(add);
    },
    has: (address) => named.check(address, familyOf(address)),
  };
}
