// Where a server listens, and what is spoken there: `[SCHEME://]ADDRESS[?OPTIONS]`. One grammar for the
// settings file, the environment and everything that is printed.
import { isIP } from 'node:net';

/** `redirect` sends everybody to `public_url`; `connect` is a proxy to mirrored registries. */
export const LISTEN_SCHEMES = ['http', 'https', 'redirect', 'connect'] as const;
export type ListenScheme = (typeof LISTEN_SCHEMES)[number];

type Place =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | {
      readonly kind: 'unix';
      readonly path: string;
      readonly mode?: number;
      /** `USER:GROUP`, `USER` or `:GROUP`, as chown takes it. */
      readonly owner?: string;
    }
  /** A socket that systemd opened; without a name, every one that no other entry names. */
  | { readonly kind: 'systemd'; readonly name?: string; readonly fd?: number };

export type ListenAddress = Place & {
  readonly scheme: ListenScheme;
  /** Each connection begins with a PROXY protocol header, version 2. */
  readonly hasProxyHeader: boolean;
};

/** What is wrong, as the rest of a sentence that begins with the text. */
export interface ListenProblem {
  readonly problem: string;
}

const TCP = /^(?:\[([0-9a-fA-F:.%a-z]+)\]|([^\s:/[\]]+)):(\d{1,5})$/;
const SCHEME = /^([a-z][\w+.-]*):\/\/(.*)$/i;
const SYSTEMD = /^systemd:([^:\s]*)$/;
const MODE = /^0?[0-7]{3}$/;
const OWNER = /^(?:\w[\w.-]*(?::\w[\w.-]*)?|:\w[\w.-]*)$/;

const NO_PLACE: ListenProblem = {
  problem:
    'is not host:port or [IPv6 address]:port with a port up to 65535, nor unix:/absolute/path, nor systemd:NAME',
};

function findTcp(text: string): Place | undefined {
  const [, v6, name, digits] = TCP.exec(text) ?? [];
  const host = v6 ?? name;
  const port = Number(digits);
  if (host === undefined || port > 65_535) return undefined;
  if (v6 !== undefined && isIP(v6.replace(/%.*$/, '')) !== 6) return undefined;
  return { kind: 'tcp', host, port };
}

function findPlace(text: string): Place | undefined {
  if (text.startsWith('unix:')) {
    const path = text.slice('unix:'.length);
    return path.startsWith('/') ? { kind: 'unix', path } : undefined;
  }
  const [, name] = SYSTEMD.exec(text) ?? [];
  if (name !== undefined) return { kind: 'systemd', ...(name === '' ? {} : { name }) };
  return findTcp(text);
}

function withOption(address: ListenAddress, option: string): ListenAddress | ListenProblem {
  const [key = '', value] = option.split('=', 2);
  if (option === 'proxy-protocol') return { ...address, hasProxyHeader: true };
  if (key !== 'mode' && key !== 'owner') {
    return {
      problem: `has the option ${JSON.stringify(key)}; there are proxy-protocol, and for unix sockets mode=0660 and owner=USER:GROUP`,
    };
  }
  if (address.kind !== 'unix') return { problem: `has a ${key}, as only unix sockets have it` };
  if (key === 'mode') {
    if (!MODE.test(value ?? '')) return { problem: 'needs a mode of octal digits such as 0660' };
    return { ...address, mode: Number.parseInt(value ?? '', 8) };
  }
  if (!OWNER.test(value ?? '')) return { problem: 'needs an owner such as USER:GROUP or :GROUP' };
  return { ...address, owner: value ?? '' };
}

function parse(text: string): ListenAddress | ListenProblem {
  const [, given = 'http', rest = text] = SCHEME.exec(text) ?? [];
  const scheme = LISTEN_SCHEMES.find((known) => known === given.toLowerCase());
  if (scheme === undefined) {
    return { problem: `has the scheme ${given}; there are ${LISTEN_SCHEMES.join(', ')}` };
  }
  const [placeText = '', options] = rest.split(/\?(.*)/s, 2);
  const place = findPlace(placeText);
  if (place === undefined) return NO_PLACE;
  let address: ListenAddress | ListenProblem = { ...place, scheme, hasProxyHeader: false };
  for (const option of options?.split('&') ?? []) {
    if ('problem' in address) return address;
    address = withOption(address, option);
  }
  return address;
}

/** Only programs on this machine can reach it, and they do so by plain HTTP as `localhost`. */
function isLocalhost(address: ListenAddress): boolean {
  if (address.kind !== 'tcp' || address.scheme !== 'http') return false;
  const { host } = address;
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/** Without what is spoken there. */
function formatPlace(address: Place): string {
  if (address.kind === 'unix') return `unix:${address.path}`;
  if (address.kind === 'systemd') return `systemd:${address.name ?? ''}`;
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return `${host}:${address.port}`;
}

/** `http://HOST:PORT`, `unix:/path`, `https://unix:/path`. */
function format(address: ListenAddress): string {
  const place = formatPlace(address);
  return address.scheme === 'http' && address.kind !== 'tcp'
    ? place
    : `${address.scheme}://${place}`;
}

export const ListenAddress = { parse, isLocalhost, format, formatPlace } as const;
