// A process that answers requests. The primary tells it what to do; when the primary is gone, it
// finishes what it has and ends.
import { openStorage } from '@portolan/storage';
import { storageOptions } from '../../config/storage-settings.ts';
import { randomId } from '../../random-id.ts';
import { explainFailure } from '../../terminal/explain-failure.ts';
import { countProcess } from '../counting.ts';
import { startHttpProcess } from './http-process.ts';
import { createServerLog } from '../log/logger.ts';
import type { ProcessMetrics } from '../metrics/process-metrics.ts';
import type { FromWorker, ToWorker } from './messages.ts';

type Start = Extract<ToWorker, { type: 'start' }>;

async function send(message: FromWorker): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (process.send === undefined || !process.connected) return;
  // Also resolved with an error: the primary is gone, and 'disconnect' says so.
  process.send(message, () => resolve());
  await promise;
}

interface StartedWorker {
  readonly metrics: ProcessMetrics | undefined;
  stop(): Promise<void>;
}

async function start({
  settings,
  listen,
  ticketSecret,
  isTerminal,
}: Start): Promise<StartedWorker> {
  const log = createServerLog({ level: settings.logLevel, isTerminal });
  process.on('uncaughtException', (err) => {
    log.logger.fatal({ err }, 'worker failed');
    log.flush();
    process.exit(1);
  });
  const metrics = await countProcess(settings);
  const observe = metrics?.observeStorage;
  const options = storageOptions(settings.storage, { clock: Date.now, randomId, observe });
  const storage = await openStorage(options);
  const http = await startHttpProcess({
    settings,
    listen,
    ticketSecret,
    storage,
    logger: log.logger,
    metrics,
  });
  await send({ type: 'ready', addresses: http.addresses });
  return {
    metrics,
    async stop() {
      await http.drain(settings.shutdownGraceMs);
      await storage.close();
      log.flush();
    },
  };
}

function run(): void {
  let started: Promise<StartedWorker> | undefined;
  let isStopping = false;
  const end = async (): Promise<void> => {
    if (isStopping) return;
    isStopping = true;
    await (await started)?.stop();
    process.exit(0);
  };
  const endOrFail = (): void => {
    end().catch(() => process.exit(1));
  };
  const answerMetrics = async (): Promise<void> => {
    // Of a start that failed is told elsewhere.
    const worker = await started?.catch(() => undefined);
    if (worker?.metrics === undefined) return;
    await send({ type: 'metrics', snapshot: await worker.metrics.snapshot() });
  };
  process.on('message', (message: ToWorker) => {
    if (message.type === 'drain') return endOrFail();
    if (message.type === 'metrics') return void answerMetrics();
    started = start(message);
    started.catch(async (error: unknown) => {
      await send({ type: 'failed', failure: explainFailure(error) });
      process.exit(1);
    });
  });
  process.on('disconnect', endOrFail);
  process.on('SIGTERM', endOrFail);
  // Ctrl-C reaches the whole group; the primary decides what it means.
  process.on('SIGINT', () => undefined);
}

run();
