// A process that answers requests. The primary tells it what to do; when the primary is gone, it
// finishes what it has and ends.
import { openStorage } from '@portolan/storage';
import { storageOptions } from '../config/storage-settings.ts';
import { randomId } from '../random-id.ts';
import { explainFailure } from '../terminal/explain-failure.ts';
import { startHttpProcess } from './http-process.ts';
import { createServerLog } from './logger.ts';
import type { FromWorker, ToWorker } from './messages.ts';

type Start = Extract<ToWorker, { type: 'start' }>;

async function send(message: FromWorker): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (process.send === undefined || !process.connected) return;
  // Also resolved with an error: the primary is gone, and 'disconnect' says so.
  process.send(message, () => resolve());
  await promise;
}

async function start({ settings, listen, isTerminal }: Start): Promise<() => Promise<void>> {
  const log = createServerLog({ level: settings.logLevel, isTerminal });
  process.on('uncaughtException', (err) => {
    log.logger.fatal({ err }, 'worker failed');
    log.flush();
    process.exit(1);
  });
  const options = storageOptions(settings.storage, { clock: Date.now, randomId });
  const storage = await openStorage(options);
  const http = await startHttpProcess({ settings, listen, storage, logger: log.logger });
  await send({ type: 'ready', address: http.address });
  return async () => {
    await http.drain(settings.shutdownGraceMs);
    await storage.close();
    log.flush();
  };
}

function run(): void {
  let stop: Promise<() => Promise<void>> | undefined;
  let isStopping = false;
  const end = async (): Promise<void> => {
    if (isStopping) return;
    isStopping = true;
    await (await stop)?.();
    process.exit(0);
  };
  const endOrFail = (): void => {
    end().catch(() => process.exit(1));
  };
  process.on('message', (message: ToWorker) => {
    if (message.type === 'drain') return endOrFail();
    stop = start(message);
    stop.catch(async (error: unknown) => {
      await send({ type: 'failed', text: explainFailure(error).text });
      process.exit(1);
    });
  });
  process.on('disconnect', endOrFail);
  process.on('SIGTERM', endOrFail);
  // Ctrl-C reaches the whole group; the primary decides what it means.
  process.on('SIGINT', () => undefined);
}

run();
