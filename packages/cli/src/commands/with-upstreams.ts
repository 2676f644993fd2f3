// The registries that the mirror copies from, for the commands that manage or use them.
import type { Upstreams } from '@portolan/mirror';
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
