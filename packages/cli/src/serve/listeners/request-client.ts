// Which client a request comes from, where proxies stand between. Their headers can be sent by anybody, so
// they count only as far as they were written by an address that is listed, or over a unix socket.
// `X-Forwarded-Host` never counts: nothing that we answer is derived from it.
import type { IncomingMessage } from 'node:http';
import ipaddr from 'ipaddr.js';
import type { Peer, Peers } from './peer.ts';

export interface RequestClient {
  /** Undefined when it cannot be told. */
  readonly address: string | undefined;
  /** Whether it came to us, or to the first proxy that is known, by TLS. */
  readonly isEncrypted: boolean;
  /** By a proxy that is listed, or over a unix socket: its headers count. */
  readonly isForwarded: boolean;
}

export type ReadClient = (request: IncomingMessage) => RequestClient;

type Network = ReturnType<typeof ipaddr.parseCIDR>;

function toNetwork(text: string): Network {
  if (text.includes('/')) return ipaddr.parseCIDR(text);
  const address = ipaddr.process(text);
  return [address, address.kind() === 'ipv4' ? 32 : 128];
}

/** Some proxies add the port: `192.0.2.1:4711`, `[2001:db8::1]:4711`. */
function findAddress(text: string): string | undefined {
  const [, v6, v4] = /^(?:\[([^\]]*)\](?::\d+)?|([\d.]+):\d+)$/.exec(text) ?? [];
  const address = v6 ?? v4 ?? text;
  return ipaddr.isValid(address) ? ipaddr.process(address).toString() : undefined;
}

/** The values of a header with commas, the last written first. */
function listed(value: string | string[] | undefined): string[] {
  return (value?.toString() ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .toReversed();
}

function createIsTrusted(trustedProxies: readonly string[]) {
  const networks = trustedProxies.map(toNetwork);
  return (text: string | undefined): boolean => {
    if (text === undefined || networks.length === 0 || !ipaddr.isValid(text)) return false;
    const address = ipaddr.process(text);
    return networks.some(
      (network) => address.kind() === network[0].kind() && address.match(network),
    );
  };
}

export function createReadClient(peers: Peers, trustedProxies: readonly string[]): ReadClient {
  const isTrusted = createIsTrusted(trustedProxies);

  /** From the right, past those that are trusted; beyond a value that is no address, nobody is. */
  function clientAddress({ address }: Peer, hops: readonly string[]): string | undefined {
    let nearest = address;
    for (const hop of hops) {
      const found = findAddress(hop);
      if (found === undefined) return nearest;
      nearest = found;
      if (!isTrusted(nearest)) return nearest;
    }
    return nearest;
  }

  return (request) => {
    const peer = peers.of(request);
    const { address, isEncrypted, isTunnelled } = peer;
    if (isTunnelled === true || (!peer.isLocal && !isTrusted(address))) {
      return { address, isEncrypted, isForwarded: false };
    }
    const [scheme] = listed(request.headers['x-forwarded-proto']);
    return {
      address: clientAddress(peer, listed(request.headers['x-forwarded-for'])),
      isEncrypted: scheme === undefined ? isEncrypted : scheme.toLowerCase() === 'https',
      isForwarded: true,
    };
  };
}
