// Where engines reach our registry: scheme and `host[:port]`, nothing else. Several engines refuse to
// start on a path, a query or credentials in a mirror's address, so none gets that far.
import { UpstreamHost } from '@portolan/oci';
import { refuse } from './client-error.ts';

export interface RegistryAddress {
  /** `https://registry.lan`, `http://127.0.0.1:5000`. */
  readonly origin: string;
  /** `registry.lan`, `127.0.0.1:5000`; default ports are dropped. */
  readonly host: string;
  /** Plain HTTP. */
  readonly isPlain: boolean;
}

const HINT = 'use an address such as https://registry.lan';

/** @throws DomainError `request-invalid` */
export function parseRegistryAddress(text: string): RegistryAddress {
  const url = URL.parse(text.includes('://') ? text : `https://${text}`);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    return refuse(`the registry's address ${text} is no http or https URL`, HINT);
  }
  // Credentials are compared first, so that the message does not repeat them.
  if (url.username !== '' || url.password !== '') {
    return refuse("the registry's address has credentials in it", HINT);
  }
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') {
    return refuse(`the registry's address ${text} has more than a host and a port`, HINT);
  }
  return { origin: url.origin, host: url.host, isPlain: url.protocol === 'http:' };
}

/** Whether an image of that host is one of ours, typed with our own name. */
export function isRegistryItself(
  { host, isPlain }: Pick<RegistryAddress, 'host' | 'isPlain'>,
  typed: UpstreamHost,
): boolean {
  return typed === UpstreamHost.find(host) || (isPlain && typed === `${host}:80`);
}

/** As the server knows them: a host has a dot or a port, and both are `-` in a label. */
const VIRTUAL_LABEL = /^[a-z0-9-]*-[a-z0-9-]*$|^localhost$/;

/** Whether an image of that host is one of ours, typed with a name below ours: `docker-io.registry.lan`. */
export function isVirtualHost(
  { host, isPlain }: Pick<RegistryAddress, 'host' | 'isPlain'>,
  typed: UpstreamHost,
): boolean {
  if (isAddress(host)) return false;
  const name = isPlain && !/:\d+$/.test(host) ? typed.replace(/:80$/, '') : typed;
  const suffix = `.${host}`;
  return name.endsWith(suffix) && VIRTUAL_LABEL.test(name.slice(0, -suffix.length));
}

/** Without the port; an IPv6 address keeps its brackets. */
export function hostNameOf({ host }: Pick<RegistryAddress, 'host'>): string {
  return host.replace(/:\d+$/, '');
}

/** An address in digits has no names below it. */
function isAddress(host: string): boolean {
  return host.startsWith('[') || /^\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?$/.test(host);
}

/**
 * The name below ours that stands for another registry: `docker-io.registry.lan`. Undefined when
 * there can be none.
 */
export function virtualHostOf(
  { host }: RegistryAddress,
  upstream: UpstreamHost,
): string | undefined {
  const label = UpstreamHost.labelOf(upstream);
  return label === undefined || isAddress(host) ? undefined : `${label}.${host}`;
}
