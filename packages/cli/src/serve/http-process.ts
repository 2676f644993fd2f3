// A process that answers requests: the listeners and the apps on them. The same in a worker and in a
// server of one process.
import type { Storage } from '@portolan/storage';
import type { Logger } from 'pino';
import type { ListenAddress } from '../config/listen-address.ts';
import { settlePublicNames } from '../config/public-names.ts';
import type { ServeSettings } from '../config/serve-settings.ts';
import { openCertificates } from './certificates.ts';
import { composeApps } from './compose-apps.ts';
import { connectionLimit, createConnectionSlots } from './connection-limit.ts';
import { type Listeners, startListeners } from './listeners.ts';
import type { ProcessMetrics } from './metrics/process-metrics.ts';
import { createPeers, type Peers } from './peer.ts';
import { createRefusedConnections } from './refused-connections.ts';
import { createReadClient } from './request-client.ts';
import { createTicketKeys } from './ticket-keys.ts';

export interface HttpProcessDeps {
  readonly settings: ServeSettings;
  /** Where this process really listens: as in the settings, but for port 0. */
  readonly listen: readonly ListenAddress[];
  /** Of the session tickets of TLS: the same in all processes of a server. */
  readonly ticketSecret: string;
  readonly storage: Storage;
  readonly logger: Logger;
  readonly metrics: ProcessMetrics | undefined;
}

export interface HttpProcess {
  readonly addresses: readonly ListenAddress[];
  drain(graceMs: number): Promise<void>;
}

async function answer(deps: HttpProcessDeps, listeners: Listeners, peers: Peers): Promise<void> {
  const { settings, storage, logger, metrics } = deps;
  const names = settlePublicNames(settings, listeners.addresses);
  const readClient = createReadClient(peers, settings.trustedProxies);
  const checkReady = async (): Promise<void> => {
    if (listeners.isDraining()) throw new Error('the server is being stopped');
    await storage.checkWritable();
  };
  const apps = await composeApps({
    settings,
    names,
    storage,
    logger,
    metrics,
    checkReady,
    readClient,
  });
  listeners.handle(apps, names.publicUrl);
}

export async function startHttpProcess(deps: HttpProcessDeps): Promise<HttpProcess> {
  const { settings, listen, ticketSecret, logger, metrics } = deps;
  const peers = createPeers();
  const certificates = await openCertificates(settings, logger);
  if (certificates !== undefined) metrics?.watchCertificates(() => certificates.list());
  const ticketKeys = createTicketKeys(ticketSecret, Date.now);
  const listeners = await startListeners(listen, {
    peers,
    slots: createConnectionSlots(connectionLimit(settings.maxConnections)),
    tls: certificates && { find: (name) => certificates.find(name), ticketKeys },
    report: createRefusedConnections(logger, Date.now),
  }).catch((error: unknown) => {
    certificates?.close();
    throw error;
  });
  const drain = async (graceMs: number): Promise<void> => {
    await listeners.drain(graceMs);
    certificates?.close();
  };
  await answer(deps, listeners, peers).catch(async (error: unknown) => {
    await drain(0);
    throw error;
  });
  return { addresses: listeners.addresses, drain };
}
