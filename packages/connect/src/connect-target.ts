// Where a client wants to be connected to: the request target of CONNECT, which is a host and a port and
// nothing else (RFC 9112 §3.2.3). Its characters are such that it can be repeated in an answer and a log.
import { HostName } from '@portolan/oci';
import { isIP } from 'node:net';

export interface ConnectTarget {
  /** Lower-case; an IPv6 address is in brackets. */
  readonly host: string;
  readonly port: number;
}

/** A name may be absolute, with a dot at its end. */
const AUTHORITY = /^(?:([^:[\]]+?)\.?|\[([\da-f:.]{2,45})\]):(\d{1,5})$/i;

/** Undefined for what is not `HOST:PORT`: a user before it, a path, a zone, no port. */
function find(text: string): ConnectTarget | undefined {
  const [, name = '', v6, digits] = AUTHORITY.exec(text) ?? [];
  const port = Number(digits);
  if (!(port >= 1 && port <= 65_535)) return undefined;
  if (v6 !== undefined) {
    return isIP(v6) === 6 ? { host: `[${v6.toLowerCase()}]`, port } : undefined;
  }
  const host = HostName.find(name);
  return host === undefined ? undefined : { host, port };
}

/** As in image names: without the port that no port means. */
function format({ host, port }: ConnectTarget): string {
  return port === 443 ? host : `${host}:${port}`;
}

export const ConnectTarget = { find, format } as const;
