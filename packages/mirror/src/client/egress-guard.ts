// Which addresses we connect to (reliability S12). A name is resolved once, the addresses are checked,
// and the connection goes to one of exactly those: a second answer of the name server changes nothing.
// Every spelling of an address ends up here as the address itself, since the check is at the socket.
import { lookup as systemLookup, type LookupAddress, type LookupOptions } from 'node:dns';
import { BlockList, isIP } from 'node:net';
import { type MirrorError, mirrorError } from '../errors.ts';
import { createNamedAddresses } from './named-addresses.ts';
import type { EgressPolicy } from './upstream-settings.ts';

export interface EgressGuard {
  isAllowed(address: string): boolean;
  /** Names pass; they are checked once they are resolved. @throws MirrorError `egress-refused` */
  checkHost(hostname: string): void;
  /** For `net.connect`, which does not call it for hosts that are addresses. */
  readonly lookup: (hostname: string, options: LookupOptions, callback: LookupCallback) => void;
}

type LookupCallback = (
  error: NodeJS.ErrnoException | null,
  address: string | LookupAddress[],
  family?: number,
) => void;

export type Resolve = (
  hostname: string,
  options: LookupOptions & { all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** IANA's special-purpose registries: what is not somebody's public server. */
const SPECIAL = [
  '0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24',
  '192.0.2.0/24 192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24',
  '224.0.0.0/4 240.0.0.0/4',
  '::/96 ::ffff:0:0:0/96 64:ff9b:1::/48 100::/64 2001::/23 2001:db8::/32 2002::/16 3fff::/20',
  '5f00::/16 fc00::/7 fe80::/10 fec0::/10 ff00::/8',
].flatMap((line) => line.split(' '));

function addNetwork(list: BlockList, cidr: string): void {
  const [address = '', bits, ...more] = cidr.trim().split('/');
  const family = isIP(address);
  const longest = family === 4 ? 32 : 128;
  const length = bits === undefined ? longest : Number(bits);
  const isValid = family !== 0 && more.length === 0 && /^\d{0,3}$/.test(bits ?? '') && bits !== '';
  if (!isValid || length > longest) {
    throw mirrorError('request-invalid', 'network is not a CIDR', {
      network: cidr.slice(0, 64),
      hint: 'use addresses such as 10.0.0.0/8, fd00::/8 or 192.168.1.7',
    });
  }
  list.addSubnet(address, length, family === 4 ? 'ipv4' : 'ipv6');
}

function networkList(cidrs: readonly string[]): BlockList {
  const list = new BlockList();
  for (const cidr of cidrs) addNetwork(list, cidr);
  return list;
}

function parseGroups(text: string): number[] {
  return text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
}

/** Eight groups of an IPv6 address that `isIP` has accepted. */
function groupsOf(address: string): number[] {
  const dotted = /(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  const [a, b, c, d] = (dotted ?? []).slice(1).map(Number);
  const tail =
    a === undefined || b === undefined || c === undefined || d === undefined
      ? ''
      : `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  const text = dotted === null ? address : address.slice(0, dotted.index) + tail;
  const [head = '', rest] = text.split('::');
  const before = parseGroups(head);
  const after = parseGroups(rest ?? '');
  const zeros = Math.max(0, 8 - before.length - after.length);
  return rest === undefined ? before : [...before, ...Array<number>(zeros).fill(0), ...after];
}

/** The IPv4 address that a mapped (`::ffff:a.b.c.d`) or NAT64 (`64:ff9b::a.b.c.d`) one leads to. */
function embeddedIpv4(address: string): string | undefined {
  const groups = groupsOf(address);
  const prefix = groups
    .slice(0, 6)
    .map((group) => group.toString(16))
    .join(':');
  if (prefix !== '0:0:0:0:0:ffff' && prefix !== '64:ff9b:0:0:0:0') return undefined;
  const [high = 0, low = 0] = groups.slice(6);
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.');
}

function refused(host: string): MirrorError {
  return mirrorError('egress-refused', `${host} is not an address that we connect to`, {
    host,
    hint: 'if this registry is one of yours, allow its network: mirror.allowed_networks, or PORTOLAN_MIRROR_ALLOWED_NETWORKS',
  });
}

export function createEgressGuard(
  policy: EgressPolicy,
  resolve: Resolve = systemLookup,
): EgressGuard {
  const special = networkList(SPECIAL);
  const allowed = networkList(policy.allowedNetworks);
  const named = createNamedAddresses(policy.namedHosts ?? []);
  const passes = (address: string, family: 'ipv4' | 'ipv6'): boolean =>
    !special.check(address, family) || allowed.check(address, family) || named.has(address);

  const isAllowed = (text: string): boolean => {
    const address = text.replace(/^\[|\]$|%.*$/g, '');
    const family = isIP(address);
    if (family === 0) return false;
    const ipv4 = family === 4 ? address : embeddedIpv4(address);
    return ipv4 === undefined ? passes(address, 'ipv6') : passes(ipv4, 'ipv4');
  };

  return {
    isAllowed,
    checkHost(hostname) {
      const host = hostname.replace(/^\[|\]$/g, '');
      if (isIP(host) !== 0 && !isAllowed(host)) throw refused(host);
    },
    lookup(hostname, options, callback) {
      resolve(hostname, { ...options, all: true }, (error, addresses) => {
        if (error !== null) return callback(error, []);
        named.learn(
          hostname,
          addresses.map(({ address }) => address),
        );
        const usable = addresses.filter(({ address }) => isAllowed(address));
        const [first] = usable;
        if (first === undefined) return callback(refused(hostname), []);
        if (options.all === true) return callback(null, usable);
        return callback(null, first.address, first.family);
      });
    },
  };
}
