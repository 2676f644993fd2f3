// A process that answers requests: the listeners and the apps on them. The same in a worker and in a
// server of one process.
import { sourceOf } from '@portolan/auth';
import type { ConnectFacts } from '@portolan/connect';
import { createServedHosts, type ServedHosts } from '@portolan/registry';
import type { Storage } from '@portolan/storage';
import type { Logger } from 'pino';
import type { IncomingMessage } from 'node:http';
import type { ListenAddress } from '../../config/listen-address.ts';
import { settlePublicNames } from '../../config/public-names.ts';
import type { ServeSettings } from '../../config/serve-settings.ts';
import {
  type CertificateChoice,
  createCertificateChoice,
} from '../listeners/certificate-choice.ts';
import { type Certificates, openCertificates } from '../listeners/certificates.ts';
import { composeApps } from '../compose-apps.ts';
import { randomId } from '../../random-id.ts';
import { createConnectLog } from '../connect/connect-log.ts';
import type { ConnectProxy } from '../connect/connect-proxy.ts';
import { connectionLimit, createConnectionSlots } from '../listeners/connection-limit.ts';
import { type Listeners, startListeners } from '../listeners/listeners.ts';
import type { ProcessMetrics } from '../metrics/process-metrics.ts';
import { createHasUsers } from '../administrator.ts';
import { createPeers, type Peers } from '../listeners/peer.ts';
import { createOriginFor } from '../listeners/redirect-origin.ts';
import {
  createRefusedConnections,
  createRefusedRequests,
} from '../listeners/refused-connections.ts';
import { createReadClient, type ReadClient } from '../listeners/request-client.ts';
import { createTicketKeys } from '../listeners/ticket-keys.ts';
import type { HandshakeDeps } from '../listeners/tls-handshake.ts';

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

/** All that speaks TLS, where anything does. */
interface Tls {
  readonly certificates: Certificates;
  readonly choice: CertificateChoice;
  readonly served: ServedHosts;
  readonly ticketKeys: HandshakeDeps['ticketKeys'];
}

/** As it is logged. */
type SourceOfRequest = (request: IncomingMessage) => string | undefined;

interface Answering {
  readonly peers: Peers;
  readonly readClient: ReadClient;
  readonly sourceOfRequest: SourceOfRequest;
  readonly report: (error: unknown) => void;
  readonly tls: Tls | undefined;
  readonly listeners: Listeners;
}

async function openTls(
  { settings, listen, ticketSecret, storage, logger, metrics }: HttpProcessDeps,
  report: (error: unknown) => void,
): Promise<Tls | undefined> {
  const certificates = await openCertificates(settings, logger, metrics?.countReloadFailure);
  if (certificates === undefined) return undefined;
  metrics?.watchCertificates(certificates.contexts);
  const served = createServedHosts(settlePublicNames(settings, listen).publicUrl, storage.views);
  const { impersonates } = settings.tls;
  const choice = createCertificateChoice({ certificates, impersonates, served, report });
  return { certificates, choice, served, ticketKeys: createTicketKeys(ticketSecret, Date.now) };
}

/** Undefined without such a listener. */
async function openConnect(
  { settings, listen, logger, metrics }: HttpProcessDeps,
  publicUrl: string,
  { peers, tls, sourceOfRequest }: Answering,
): Promise<ConnectProxy | undefined> {
  if (tls === undefined || !listen.some(({ scheme }) => scheme === 'connect')) return undefined;
  const log = createConnectLog({
    logger,
    isAccessLogged: settings.isAccessLogged,
    sourceOf: sourceOfRequest,
    clock: Date.now,
  });
  const observe = (facts: ConnectFacts): void => {
    metrics?.countConnect(facts.outcome);
    log(facts);
  };
  // It brings the mirror's way out with it.
  const { createConnectProxy } = await import('../connect/connect-proxy.ts');
  return createConnectProxy({ settings, publicUrl, ...tls, peers, observe, randomId });
}

/** Resolves when requests are answered, with what ends beside the listeners. */
async function answer(
  deps: HttpProcessDeps,
  answering: Answering,
): Promise<ConnectProxy | undefined> {
  const { settings, storage, logger, metrics } = deps;
  const { listeners, readClient, report } = answering;
  const names = settlePublicNames(settings, listeners.addresses);
  const hasUsers = createHasUsers(storage);
  const checkReady = async (): Promise<void> => {
    if (settings.hasAccounts && !(await hasUsers())) throw new Error('there is no user yet');
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
  const { publicUrl } = names;
  const connect = await openConnect(deps, publicUrl, answering);
  const served = createServedHosts(publicUrl, storage.views);
  const originFor = createOriginFor({ publicUrl, served, report });
  listeners.handle({ apps, originFor, connect: connect?.handlers });
  return connect;
}

export async function startHttpProcess(deps: HttpProcessDeps): Promise<HttpProcess> {
  const { settings, listen, logger, metrics } = deps;
  const peers = createPeers();
  const readClient = createReadClient(peers, settings.trustedProxies);
  const sourceOfRequest: SourceOfRequest = (request) => sourceOf(readClient(request).address);
  const report = createRefusedConnections(logger, Date.now);
  const tls = await openTls(deps, report);
  const listeners = await startListeners(listen, {
    peers,
    slots: createConnectionSlots(connectionLimit(settings.maxConnections)),
    tls: tls && { find: (name) => tls.choice.find(name), ticketKeys: tls.ticketKeys },
    report,
    randomId,
    reportRequest: createRefusedRequests(logger, sourceOfRequest),
    countRefusal: metrics?.countRefusal,
  }).catch((error: unknown) => {
    tls?.certificates.contexts.close();
    throw error;
  });
  let connect: ConnectProxy | undefined;
  const drain = async (graceMs: number): Promise<void> => {
    connect?.drain(graceMs);
    await listeners.drain(graceMs);
    tls?.certificates.contexts.close();
  };
  const answering = { peers, readClient, sourceOfRequest, report, tls, listeners };
  connect = await answer(deps, answering).catch(async (error: unknown) => {
    await drain(0);
    throw error;
  });
  return { addresses: listeners.addresses, drain };
}
