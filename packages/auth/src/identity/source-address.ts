// Where a login comes from, as it is counted and logged. A header, which anybody can send, says so only
// behind a proxy that is known to write it: there all connections have one address.
import type { IncomingMessage } from 'node:http';
import { isIPv4, isIPv6 } from 'node:net';

/** An IPv4 address, or the /64 of an IPv6 one: a client has a whole /64 to itself. */
export function sourceOf(remoteAddress: string | undefined): string | undefined {
  if (remoteAddress === undefined) return undefined;
  const address = remoteAddress.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
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

/** Of one request; undefined when it cannot be told from others. */
export type ReadSource = (request: IncomingMessage) => string | undefined;

/** Proxies append to `X-Forwarded-For`, so that the last address alone is not the client's own word. */
function forwardedSource({ headers }: IncomingMessage): string | undefined {
  return sourceOf(headers['x-forwarded-for']?.toString().split(',').at(-1)?.trim());
}

export function createReadSource(isForwardedForTrusted: boolean): ReadSource {
  return (request) =>
    (isForwardedForTrusted ? forwardedSource(request) : undefined) ??
    sourceOf(request.socket.remoteAddress);
}
