// A login for our registry, and where it may be sent: a challenge can name any realm.
import type { RegistryAddress } from '@portolan/clients';

export interface RegistryLogin {
  readonly username: string;
  readonly password: string;
}

/** To the registry's own host and the names below it alone, and never out of TLS. */
export function mayHaveLogin({ origin }: RegistryAddress, url: URL): boolean {
  const { hostname, protocol } = new URL(origin);
  const isOurs = url.hostname === hostname || url.hostname.endsWith(`.${hostname}`);
  return isOurs && (url.protocol === 'https:' || url.protocol === protocol);
}

export function basicHeader({ username, password }: RegistryLogin): { authorization: string } {
  const pair = Buffer.from(`${username}:${password}`).toString('base64');
  return { authorization: `Basic ${pair}` };
}
