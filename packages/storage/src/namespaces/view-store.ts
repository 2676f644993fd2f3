// Which registries are mirrored here: the namespaces that are named as registries' hosts. A user's own is none
// of them: whoever is named `quay.io` shall not answer for it. Asked on every request that comes under
// another name than ours, so the answer is remembered. All that makes it wrong moves the `content`
// generation: a namespace that goes, and one of such a name that comes.
import { UpstreamHost } from '@portolan/oci';
import { createContentCache } from '../database/content-cache.ts';
import type { StoreDeps } from '../store-deps.ts';

export interface ViewStore {
  /** Whether the namespace exists, is named as a registry's host, and is nobody's own. */
  find(namespace: string): Promise<boolean>;
  /** Every such namespace. */
  all(): Promise<readonly string[]>;
}

export function createViewStore({ database: { read }, generations }: StoreDeps): ViewStore {
  const known = createContentCache<boolean>(generations);
  const lists = createContentCache<readonly string[]>(generations);

  async function exists(name: string): Promise<boolean> {
    const row = await read
      .selectFrom('namespace')
      .select('id')
      .where('name', '=', name)
      .where('kind', '!=', 'personal')
      .executeTakeFirst();
    return row !== undefined;
  }

  async function list(): Promise<readonly string[]> {
    const rows = await read
      .selectFrom('namespace')
      .select('name')
      .where('kind', '!=', 'personal')
      .orderBy('name')
      .execute();
    return rows
      .map(({ name }) => name)
      .filter((name) => UpstreamHost.ofNamespace(name) !== undefined);
  }

  return {
    async find(namespace) {
      if (UpstreamHost.ofNamespace(namespace) === undefined) return false;
      return (await known.find(namespace, () => exists(namespace))) === true;
    },
    all: async () => (await lists.find('', list)) ?? [],
  };
}
