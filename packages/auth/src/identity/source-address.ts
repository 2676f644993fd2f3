// Where a login comes from, as it is counted and logged. Whoever runs the listeners knows the client's
// address: behind a proxy all connections have one.
import type { IncomingMessage } from 'node:http';
import { isIPv4, isIPv6 } from 'node:net';

/** An IPv4 address, or the /64 of an IPv6 one: a client has a whole /64 to itself. */
export function sourceOf(clientAddress: string | undefined): string | undefined {
  if (clientAddress === undefined) return undefined;
  const address = clientAddress.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
  if (isIPv4(address)) return address;
  if (!isIPv6(address)) return undefined;
  // The URL parser writes an address in its one canonical form.
  const [head = '', tail] = new URL(`http://[${address}]/`).hostname.slice(1, -1).split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array.from<string>({ length: 8 - before.length - after.length }).fill('0');
  const groups = tail === undefined ? before : [...before, ...zeros, ...after];
  return `${groups.slice(0, 4).join(':')}::/64`;
}

/** Of one request; the address is undefined when it cannot be told from others. */
export type ReadClient = (request: IncomingMessage) => {
  readonly address: string | undefined;
  readonly isEncrypted: boolean;
};
