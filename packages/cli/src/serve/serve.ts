// `portolan serve`: prepares the data directory, starts what answers requests, says where, and runs
// the jobs until it is told to stop.
import { createPasswordHasher } from '@portolan/auth';
import { openStorage, type Storage } from '@portolan/storage';
import type { AuthorityFacts } from '@portolan/tls';
import type { Logger } from 'pino';
import type { GlobalOptions } from '../commands/global-options.ts';
import { readEnvironment } from '../config/environment.ts';
import { ListenAddress } from '../config/listen-address.ts';
import { settlePublicNames } from '../config/public-names.ts';
import {
  loadServeSettings,
  type LoadedServeSettings,
  type ServeRole,
  type ServeSettings,
} from '../config/serve-settings.ts';
import { storageOptions } from '../config/storage-settings.ts';
import { randomId } from '../random-id.ts';
import { VERSION } from '../version.ts';
import { type Administrator, ensureAdministrator } from './administrator.ts';
import { banner, type BannerFacts, type BundleFacts } from './banner.ts';
import { watchUncoveredRegistries } from './connect/uncovered-registries.ts';
import { countProcess, countServer } from './counting.ts';
import { type Front, startFront } from './front.ts';
import { startJobs } from './jobs/jobs.ts';
import { jobsOf } from './jobs/jobs-of-role.ts';
import { createServerLog } from './log/logger.ts';
import { type MetricsServer, startMetricsServer } from './metrics/metrics-server.ts';
import type { ProcessMetrics } from './metrics/process-metrics.ts';
import type { ServerMetrics } from './metrics/server-metrics.ts';
import { passedSockets, takePassedSockets } from './listeners/passed-sockets.ts';
import { createServiceManager, type ServiceManager } from './systemd-notify.ts';
import { catchStopSignals, type StopSignals } from './stop-signals.ts';

interface Server {
  readonly settings: ServeSettings;
  readonly storage: Storage;
  readonly logger: Logger;
  readonly isTerminal: boolean;
  readonly bundle: ServedBundle | undefined;
  readonly signals: StopSignals;
  readonly serviceManager: ServiceManager;
  /** Both undefined where nothing is counted. */
  readonly processMetrics: ProcessMetrics | undefined;
  readonly serverMetrics: ServerMetrics | undefined;
}

/** Served instead of what the data directory holds. */
export interface ServedBundle extends BundleFacts {
  readonly directory: string;
  replaceContent(storage: Storage): Promise<Storage>;
}

async function prepareAdministrator(
  { settings, storage }: Server,
  adminPassword: string | undefined,
): Promise<Administrator | undefined> {
  if (!settings.hasAccounts) return undefined;
  const hasher = createPasswordHasher();
  return ensureAdministrator({ storage, hasher, randomId }, adminPassword);
}

function announce(
  { settings, logger, bundle, serviceManager }: Server,
  facts: Pick<BannerFacts, 'addresses' | 'administrator'>,
): void {
  const names = settlePublicNames(settings, facts.addresses);
  const { role, storage } = settings;
  const dataDirectory = bundle?.directory ?? storage.directory;
  process.stdout.write(banner({ ...facts, role, names, dataDirectory, bundle }));
  const addresses = facts.addresses.map(ListenAddress.format);
  logger.info({ addresses, publicUrl: names.publicUrl, workers: settings.workers }, 'listening');
  void serviceManager.ready(`listening on ${addresses.join(', ')}`);
}

/** The log does not tell a person: its level is `warn` there. */
function announceStop({ settings, isTerminal }: Server): void {
  if (!isTerminal) return;
  const seconds = settings.shutdownGraceMs / 1000;
  process.stderr.write(
    `\nStopping. Requests that have begun may take up to ${seconds} s; Ctrl-C again ends at once.\n`,
  );
}

async function readAuthority({ tls }: ServeSettings): Promise<AuthorityFacts | undefined> {
  const { findAuthority } = await import('@portolan/tls');
  return findAuthority(tls.directories.authority);
}

async function serveMetrics(server: Server): Promise<MetricsServer | undefined> {
  const { settings, logger, serverMetrics } = server;
  if (settings.metrics === undefined || serverMetrics === undefined) return undefined;
  return startMetricsServer({ listen: settings.metrics, scrape: serverMetrics.scrape, logger });
}

async function runUntilStopped(server: Server, front: Front): Promise<void> {
  const { settings, storage, logger, serverMetrics } = server;
  const deps = { storage, logger, randomId };
  const observeRun = serverMetrics?.observeMirrorRun;
  const jobs = startJobs(jobsOf(settings, { ...deps, observeRun }), {
    ...deps,
    leases: storage.leases,
    observe: serverMetrics?.observeJob,
  });
  const { publicUrl } = settlePublicNames(settings, front.addresses);
  const uncovered = watchUncoveredRegistries({ settings, publicUrl, views: storage.views, logger });
  await server.signals.first;
  logger.info('stopping');
  announceStop(server);
  uncovered?.stop();
  await Promise.all([server.serviceManager.stopping(), front.drain(), jobs.stop()]);
}

async function run(server: Server, adminPassword: string | undefined): Promise<void> {
  const front = await startFront(server);
  server.signals.atSecond(() => front.kill());
  let metrics: MetricsServer | undefined;
  try {
    // After the listener: a start that fails on its address makes no password that nobody sees.
    const administrator = await prepareAdministrator(server, adminPassword);
    metrics = await serveMetrics(server);
    announce(server, { addresses: front.addresses, administrator });
  } catch (error) {
    await front.drain();
    throw error;
  }
  await runUntilStopped(server, front);
  await metrics?.close();
}

export async function serveWith(
  { settings: given, adminPassword }: LoadedServeSettings,
  bundle?: ServedBundle,
): Promise<void> {
  const signals = catchStopSignals();
  const isTerminal = process.stderr.isTTY;
  const environment = readEnvironment();
  const passed = passedSockets(environment, process.pid);
  const settings = { ...given, listen: takePassedSockets(given.listen, passed) };
  const log = createServerLog({ level: settings.logLevel, isTerminal });
  // Whoever read our output may be gone; that is no reason to stop.
  process.stdout.on('error', () => undefined);
  process.stderr.on('error', () => undefined);
  const processMetrics = await countProcess(settings);
  const observe = processMetrics?.observeStorage;
  const storage = await openStorage(
    storageOptions(settings.storage, { clock: Date.now, randomId, observe }),
  );
  try {
    const served = (await bundle?.replaceContent(storage)) ?? storage;
    const { logger } = log;
    const serverMetrics = await countServer({
      process: processMetrics,
      role: settings.role,
      storage: served,
      diskFloorBytes: settings.storage.diskFloorBytes,
      version: VERSION,
      clock: Date.now,
      readAuthority: () => readAuthority(settings),
    });
    const serviceManager = createServiceManager(environment, process.pid);
    const counted = { processMetrics, serverMetrics };
    await run(
      {
        settings,
        storage: served,
        logger,
        isTerminal,
        bundle,
        signals,
        serviceManager,
        ...counted,
      },
      adminPassword,
    );
  } finally {
    await storage.close();
    log.flush();
  }
}

/** Runs until it is told to stop. */
export async function serve(role: ServeRole, options: GlobalOptions): Promise<void> {
  const loaded = loadServeSettings(role, {
    environment: readEnvironment(),
    file: options.config,
    flags: { data_dir: options.dataDir },
  });
  await serveWith(loaded);
}
