// `portolan serve`: prepares the data directory, starts what answers requests, says where, and runs
// the jobs until it is told to stop.
import { createPasswordHasher } from '@portolan/auth';
import { openStorage, type Storage } from '@portolan/storage';
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
import { type Administrator, ensureAdministrator } from './administrator.ts';
import { banner, type BannerFacts } from './banner.ts';
import { startHttpProcess } from './http-process.ts';
import { startJobs } from './jobs.ts';
import { jobsOf } from './jobs-of-role.ts';
import { createServerLog } from './logger.ts';
import { waitForStop } from './stop-signals.ts';
import { startSupervisor } from './supervisor.ts';
import { openToGroup, removeStaleSocket } from './unix-socket.ts';

/** What answers requests, in this process or in others. */
interface Front {
  readonly address: ListenAddress;
  drain(): Promise<void>;
  kill(): void;
}

interface Server {
  readonly settings: ServeSettings;
  readonly storage: Storage;
  readonly logger: Logger;
  readonly isTerminal: boolean;
  readonly bundle: ServedBundle | undefined;
}

/** Served instead of what the data directory holds. */
export interface ServedBundle {
  readonly directory: string;
  replaceContent(storage: Storage): Promise<Storage>;
}

/** Undefined where there are no accounts: the registry alone, and a bundle. */
async function prepareAdministrator(
  { settings, storage, bundle }: Server,
  adminPassword: string | undefined,
): Promise<Administrator | undefined> {
  if (settings.role === 'registry' || bundle !== undefined) return undefined;
  const hasher = createPasswordHasher();
  return ensureAdministrator({ storage, hasher, randomId }, adminPassword);
}

async function startFront({ settings, storage, logger, isTerminal }: Server): Promise<Front> {
  const { listen, shutdownGraceMs } = settings;
  if (settings.workers > 1) return startSupervisor({ settings, logger, isTerminal });
  const http = await startHttpProcess({ settings, listen, storage, logger });
  return {
    address: http.address,
    drain: () => http.drain(shutdownGraceMs),
    kill: () => undefined,
  };
}

function announce(
  { settings, logger, bundle }: Server,
  facts: Pick<BannerFacts, 'address' | 'administrator'>,
) {
  const names = settlePublicNames(settings, facts.address);
  const { role, storage } = settings;
  const dataDirectory = bundle?.directory ?? storage.directory;
  const isBundle = bundle !== undefined;
  process.stdout.write(banner({ ...facts, role, names, dataDirectory, isBundle }));
  const address = ListenAddress.format(facts.address);
  logger.info({ address, publicUrl: names.publicUrl, workers: settings.workers }, 'listening');
}

/** The log does not tell a person: its level is `warn` there. */
function announceStop({ settings, isTerminal }: Server): void {
  if (!isTerminal) return;
  const seconds = settings.shutdownGraceMs / 1000;
  process.stderr.write(
    `\nStopping. Requests that have begun may take up to ${seconds} s; Ctrl-C again ends at once.\n`,
  );
}

async function runUntilStopped(server: Server, front: Front): Promise<void> {
  const { settings, storage, logger } = server;
  const deps = { storage, logger, randomId };
  const jobs = startJobs(jobsOf(settings, deps), { ...deps, leases: storage.leases });
  await waitForStop({
    async stop() {
      logger.info('stopping');
      announceStop(server);
      await Promise.all([front.drain(), jobs.stop()]);
    },
    stopAtOnce: () => front.kill(),
  });
}

async function run(server: Server, adminPassword: string | undefined): Promise<void> {
  const { listen } = server.settings;
  if (listen.kind === 'unix') await removeStaleSocket(listen.path);
  const front = await startFront(server);
  try {
    if (listen.kind === 'unix') await openToGroup(listen.path);
    // After the listener: a start that fails on its address makes no password that nobody sees.
    const administrator = await prepareAdministrator(server, adminPassword);
    announce(server, { address: front.address, administrator });
  } catch (error) {
    await front.drain();
    throw error;
  }
  await runUntilStopped(server, front);
}

export async function serveWith(
  { settings, adminPassword }: LoadedServeSettings,
  bundle?: ServedBundle,
): Promise<void> {
  const isTerminal = process.stderr.isTTY;
  const log = createServerLog({ level: settings.logLevel, isTerminal });
  // Whoever read our output may be gone; that is no reason to stop.
  process.stdout.on('error', () => undefined);
  process.stderr.on('error', () => undefined);
  const storage = await openStorage(
    storageOptions(settings.storage, { clock: Date.now, randomId }),
  );
  try {
    const served = (await bundle?.replaceContent(storage)) ?? storage;
    const { logger } = log;
    await run({ settings, storage: served, logger, isTerminal, bundle }, adminPassword);
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
