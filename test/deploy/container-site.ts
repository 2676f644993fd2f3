// What the tests of containers share: an engine in a network of its own, and the image, built once.
import { chmod, chown, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createNetworkNamespace, type NetworkNamespace } from '../support/network-namespace.ts';
import { createScratchDirectory } from '../support/scratch-directory.ts';
import { type ContainerEngine, createContainerEngine } from './container-engine.ts';
import { buildPortolanImage } from './portolan-image.ts';

/** Of the user that the image runs as. */
export const UID = 65532;

export interface ContainerSite {
  readonly directory: string;
  readonly network: NetworkNamespace;
  readonly engine: ContainerEngine;
  /** An empty data directory on the host, as the image's user can write to it. */
  makeDataDirectory(name: string): Promise<string>;
  stop(): Promise<void>;
}

export async function startContainerSite(): Promise<ContainerSite> {
  const scratch = await createScratchDirectory('containers');
  const { path: directory } = scratch;
  await chmod(directory, 0o755);
  const network = await createNetworkNamespace({
    hosts: ['registry.lan', 'portal.registry.lan'],
    clientAddress: '192.0.2.7',
  });
  const engine = await createContainerEngine({ directory: join(directory, 'engine'), network });
  const stop = async (): Promise<void> => {
    await engine.stop();
    await network.stop();
    await scratch.remove();
  };
  try {
    await buildPortolanImage(engine, directory);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    directory,
    network,
    engine,
    async makeDataDirectory(name) {
      const path = join(directory, name);
      await mkdir(path, { mode: 0o700 });
      await chown(path, UID, UID);
      return path;
    },
    stop,
  };
}
