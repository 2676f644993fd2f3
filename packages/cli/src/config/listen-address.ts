// Where a server listens: `host:port`, `[IPv6]:port` or `unix:/path`.
import { isIP } from 'node:net';

export type ListenAddress =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

const TCP = /^(?:\[([0-9a-fA-F:.%a-z]+)\]|([^\s:/[\]]+)):(\d{1,5})$/;

function find(text: string): ListenAddress | undefined {
  if (text.startsWith('unix:')) {
    const path = text.slice('unix:'.length);
    return path.startsWith('/') ? { kind: 'unix', path } : undefined;
  }
  const [, v6, name, digits] = TCP.exec(text) ?? [];
  const host = v6 ?? name;
  const port = Number(digits);
  if (host === undefined || port > 65_535) return undefined;
  if (v6 !== undefined && isIP(v6.replace(/%.*$/, '')) !== 6) return undefined;
  return { kind: 'tcp', host, port };
}

/** Only programs on this machine can reach it. */
function isLoopback(address: ListenAddress): boolean {
  if (address.kind === 'unix') return false;
  const { host } = address;
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/** `http://HOST:PORT` or `unix:/path`. */
function format(address: ListenAddress): string {
  if (address.kind === 'unix') return `unix:${address.path}`;
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return `http://${host}:${address.port}`;
}

export const ListenAddress = { find, isLoopback, format } as const;
