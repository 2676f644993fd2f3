// A third process of the box, beside the halves: `portolan serve` with a `connect` listener alone, over the
// same data directory.
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { startDaemon } from '../support/daemon.ts';
import { LOOPBACK } from '../mirror/world.ts';
import type { World } from './world.ts';

const MAIN = resolve(import.meta.dirname, '../../packages/cli/src/main.ts');
const PORT = 3128;

export interface ConnectServer {
  /** As nodes reach it. */
  readonly url: string;
  logs(): Promise<string>;
  stop(): Promise<void>;
}

export async function startConnectServer(
  { box, mirror }: World,
  passThrough: readonly string[],
): Promise<ConnectServer> {
  const logFile = join(box.directory, 'connect.log');
  const ready = `curl -fsk --proxy http://127.0.0.1:${PORT} https://registry.lan/livez`;
  const daemon = await startDaemon({
    ...box.inside(process.execPath, [MAIN, 'serve']),
    env: {
      ...LOOPBACK,
      HOME: box.directory,
      PORTOLAN_DATA_DIR: mirror.portolan.dataDir,
      PORTOLAN_LISTEN: `connect://0.0.0.0:${PORT}`,
      PORTOLAN_PUBLIC_URL: 'https://registry.lan',
      PORTOLAN_CONNECT_PASS_THROUGH: passThrough.join(','),
      PORTOLAN_WORKERS: '2',
      PORTOLAN_LOG_LEVEL: 'debug',
      PORTOLAN_ACCESS_LOG: 'true',
    },
    logFile,
    isReady: async () => (await box.sh(ready)).code === 0,
  });
  return {
    url: `http://registry.lan:${PORT}`,
    logs: () => readFile(logFile, 'utf8'),
    stop: () => daemon.stop(),
  };
}
