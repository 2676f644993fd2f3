// What answers requests, in this process or in others, from the files of its sockets to its last answer.
import { randomBytes } from 'node:crypto';
import type { Storage } from '@portolan/storage';
import type { Logger } from 'pino';
import type { ListenAddress } from '../config/listen-address.ts';
import type { ServeSettings } from '../config/serve-settings.ts';
import { startHttpProcess } from './workers/http-process.ts';
import type { ProcessMetrics } from './metrics/process-metrics.ts';
import type { ServerMetrics } from './metrics/server-metrics.ts';
import { startSupervisor } from './workers/supervisor.ts';
import { openSocketFile, removeStaleSocket } from './listeners/unix-socket.ts';

export interface FrontDeps {
  readonly settings: ServeSettings;
  readonly storage: Storage;
  readonly logger: Logger;
  readonly isTerminal: boolean;
  /** Both undefined where nothing is counted. */
  readonly processMetrics: ProcessMetrics | undefined;
  readonly serverMetrics: ServerMetrics | undefined;
}

export interface Front {
  readonly addresses: readonly ListenAddress[];
  drain(): Promise<void>;
  kill(): void;
}

const SECRET_BYTES = 32;

async function startAnswering(deps: FrontDeps): Promise<Front> {
  const { settings, storage, logger, isTerminal, processMetrics, serverMetrics } = deps;
  const { listen, shutdownGraceMs } = settings;
  const ticketSecret = randomBytes(SECRET_BYTES).toString('base64');
  if (settings.workers > 1) {
    const onWorker = serverMetrics?.addWorker;
    const onRestart = serverMetrics?.countRestart;
    return startSupervisor({ settings, ticketSecret, logger, isTerminal, onWorker, onRestart });
  }
  const metrics = processMetrics;
  const http = await startHttpProcess({ settings, listen, ticketSecret, storage, logger, metrics });
  return {
    addresses: http.addresses,
    drain: () => http.drain(shutdownGraceMs),
    kill: () => undefined,
  };
}

/** @throws CommandFailure when it cannot listen everywhere */
export async function startFront(deps: FrontDeps): Promise<Front> {
  const sockets = deps.settings.listen.filter((address) => address.kind === 'unix');
  for (const { path } of sockets) await removeStaleSocket(path);
  const front = await startAnswering(deps);
  try {
    for (const socket of sockets) await openSocketFile(socket);
  } catch (error) {
    await front.drain();
    throw error;
  }
  return front;
}
