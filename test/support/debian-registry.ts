// Debian's docker-registry: somebody else's registry, to copy from and to serve with our tokens.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startDaemon } from './daemon.ts';
import { findFreePort } from './free-port.ts';
import { createScratchDirectory } from './scratch-directory.ts';

/** `auth.token` of its configuration. */
export interface ForeignTokenAuth {
  readonly realm: string;
  readonly service: string;
  readonly issuer: string;
  /** A PEM file with the certificates of the token service's keys. */
  readonly rootcertbundle: string;
}

export interface DebianRegistry {
  /** `127.0.0.1:port` */
  readonly host: string;
  stop(): Promise<void>;
}

export async function startDebianRegistry(auth?: ForeignTokenAuth): Promise<DebianRegistry> {
  const scratch = await createScratchDirectory('foreign');
  const host = `127.0.0.1:${await findFreePort()}`;
  // JSON is YAML.
  const settings = {
    version: 0.1,
    storage: {
      filesystem: { rootdirectory: join(scratch.path, 'data') },
      delete: { enabled: true },
    },
    http: { addr: host },
    ...(auth === undefined ? {} : { auth: { token: auth } }),
  };
  const file = join(scratch.path, 'config.yml');
  await writeFile(file, JSON.stringify(settings));
  const daemon = await startDaemon({
    file: '/usr/bin/docker-registry',
    args: ['serve', file],
    logFile: join(scratch.path, 'log'),
    isReady: () =>
      fetch(`http://${host}/v2/`).then(
        () => true,
        () => false,
      ),
  });
  return {
    host,
    stop: async () => {
      await daemon.stop();
      await scratch.remove();
    },
  };
}
