// The login that an engine would send to us, from the auth files of this machine, by the engines' own
// rules (containers-auth.json(5)): a key's host is compared as it is written, so that `registry.lan:443`
// is none for `registry.lan`; helpers are kept for whole hosts.
import type { LoginPlace } from '@portolan/clients';
import type { AuthFile } from '@portolan/mirror';
import { UpstreamHost } from '@portolan/oci';
import type { RegistryLogin } from '../connection/registry-login.ts';

type Entries<T> = Readonly<Record<string, T>> | null | undefined;

function only<T>(entries: Entries<T>, isWanted: (key: string) => boolean): Record<string, T> {
  return Object.fromEntries(Object.entries(entries ?? {}).filter(([key]) => isWanted(key)));
}

function ofHost({ auths, credHelpers, credsStore }: AuthFile, host: string): AuthFile {
  return {
    auths: only(auths, (key) => key.replace(/^https?:\/\//, '').split('/')[0] === host),
    credHelpers: only(credHelpers, (key) => key === host),
    credsStore,
  };
}

/** The first file that has one decides. */
export async function findEngineLogin(
  files: readonly AuthFile[],
  place: LoginPlace,
): Promise<RegistryLogin | undefined> {
  const host = UpstreamHost.find(place.host);
  if (host === undefined) return undefined;
  const { askCredentialHelper, findLogin } = await import('@portolan/mirror');
  const wanted = place.repository === undefined ? { host } : { host, path: place.repository };
  for (const file of files) {
    const found = await findLogin(ofHost(file, place.host), wanted, askCredentialHelper);
    // Other kinds are for engines' own exchanges; the answer to them is that to a password.
    if (found?.kind === 'basic') return found;
  }
  return undefined;
}
