// A process that answers requests: the listener and the apps on it. The same in a worker and in a
// server of one process.
import type { Storage } from '@portolan/storage';
import type { Logger } from 'pino';
import type { ListenAddress } from '../config/listen-address.ts';
import { settlePublicNames } from '../config/public-names.ts';
import type { ServeSettings } from '../config/serve-settings.ts';
import { composeApps } from './compose-apps.ts';
import { connectionLimit } from './connection-limit.ts';
import { startHttpServer } from './http-server.ts';
import { listenFailure } from './listen-failure.ts';

export interface HttpProcessDeps {
  readonly settings: ServeSettings;
  /** Where this process really listens: as in the settings, but for port 0. */
  readonly listen: ListenAddress;
  readonly storage: Storage;
  readonly logger: Logger;
}

export interface HttpProcess {
  readonly address: ListenAddress;
  drain(graceMs: number): Promise<void>;
}

export async function startHttpProcess(deps: HttpProcessDeps): Promise<HttpProcess> {
  const { settings, listen, storage, logger } = deps;
  const limit = connectionLimit(settings.maxConnections);
  const server = await startHttpServer(listen, limit).catch((error: unknown) => {
    throw listenFailure(listen, (error as NodeJS.ErrnoException).code ?? 'unknown');
  });
  const names = settlePublicNames(settings, server.address);
  const checkReady = async (): Promise<void> => {
    if (server.isDraining()) throw new Error('the server is being stopped');
    await storage.checkWritable();
  };
  server.handle(await composeApps({ settings, names, storage, logger, checkReady }));
  return { address: server.address, drain: (graceMs) => server.drain(graceMs) };
}
