// The registries that the mirror copies from, for the commands that manage or use them.
import type { UpstreamSettings, Upstreams } from '@portolan/mirror';
import type { Storage } from '@portolan/storage';
import type { CommandContext } from './context.ts';
import { withStores } from './with-accounts.ts';

export async function openUpstreams(storage: Storage): Promise<Upstreams> {
  // Loaded here, since most commands never talk to another registry.
  const { askCredentialHelper, createSecretBox, createUpstreams } = await import(
    '@portolan/mirror'
  );
  const secrets = createSecretBox({ keyFile: storage.layout.mirrorKey });
  return createUpstreams({ stores: storage.upstreams, secrets, askHelper: askCredentialHelper });
}

export async function withUpstreams<T>(
  context: CommandContext,
  work: (upstreams: Upstreams, storage: Storage) => Promise<T>,
): Promise<T> {
  return await withStores(
    context,
    async (storage) => await work(await openUpstreams(storage), storage),
  );
}

/** What this machine's registry knows of its upstreams, for commands that also work without one. */
export interface StoredUpstreams {
  /**
   * Undefined for a host that nobody has set up.
   * @throws MirrorError `upstream-denied` when its helper gives no login, `secret-unreadable`
   */
  settingsOf(host: string): Promise<UpstreamSettings | undefined>;
}

/** Somebody else's registry is none of the caller's, who may well have no right to look at it. */
function hasOwnStorage(context: CommandContext): boolean {
  try {
    return context.hasStorage();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EACCES') return false;
    throw error;
  }
}

/** Runs `work` with the data directory that there is, or with nothing. */
export async function withStoredUpstreams<T>(
  context: CommandContext,
  work: (stored: StoredUpstreams | undefined, storage: Storage | undefined) => Promise<T>,
): Promise<T> {
  if (!hasOwnStorage(context)) return await work(undefined, undefined);
  return await withUpstreams(context, async (upstreams, storage) => {
    const settingsOf: StoredUpstreams['settingsOf'] = async (host) =>
      (await upstreams.find(host)) && (await upstreams.settingsOf(host));
    return await work({ settingsOf }, storage);
  });
}
