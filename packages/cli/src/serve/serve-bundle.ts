// `portolan serve --bundle DIR`: a stick as a registry, for whoever may reach it, without a word written to
// it. What a server needs for itself, such as signing keys, lies in a temporary directory until it ends.
import { RepositoryName } from '@portolan/oci';
import type { Storage } from '@portolan/storage';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { GlobalOptions } from '../commands/global-options.ts';
import { readEnvironment } from '../config/environment.ts';
import { loadServeSettings } from '../config/serve-settings.ts';
import { serveWith } from './serve.ts';

async function openToAll({ namespaces }: Storage, names: Iterable<string>): Promise<void> {
  const actor = 'system';
  for (const name of new Set(names)) {
    if (name === '') await namespaces.set('', { visibility: 'public' }, actor);
    else await namespaces.create({ name, visibility: 'public' }, actor);
  }
}

/** Runs until it is told to stop. @throws MirrorError `place-incomplete`, `bundle-invalid` */
export async function serveBundle(bundle: string, options: GlobalOptions): Promise<void> {
  const { createBundleStores, readBundle } = await import('@portolan/mirror');
  const directory = resolve(bundle);
  const contents = await readBundle(directory);
  const dataDirectory = await mkdtemp(join(tmpdir(), 'portolan-bundle-'));
  try {
    const { settings } = loadServeSettings('all', {
      environment: readEnvironment(),
      file: options.config,
      flags: { data_dir: dataDirectory },
    });
    const policy = { ...settings.policy, anonymous: true };
    // The content is in the memory of one process.
    const loaded = {
      settings: { ...settings, hasAccounts: false, policy, workers: 1 },
      adminPassword: undefined,
    };
    await serveWith(loaded, {
      directory,
      leftOut: contents.expected.size,
      async replaceContent(storage) {
        await openToAll(storage, [...contents.repositories.keys()].map(RepositoryName.namespace));
        return { ...storage, ...createBundleStores(contents) };
      },
    });
  } finally {
    await rm(dataDirectory, { recursive: true, force: true });
  }
}
