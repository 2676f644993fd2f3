// Servers that count, and what they have counted.
import { join } from 'node:path';
import {
  type RunningServer,
  type RunOptions,
  scratchDirectory,
  startServer,
  waitUntil,
} from '../start-server.ts';

export interface CountingServer {
  readonly server: RunningServer;
  readonly dataDir: string;
  readonly scrape: () => Promise<string>;
  /** Of all series of that name, or of those with the labels, added up. */
  readonly valueOf: (name: string, labels?: string) => Promise<number>;
}

const SERVED = /"url":"(http:[^"]+\/metrics)"/;

/** All series whose name is this, added up; 0 when there is none. */
export function sumOf(text: string, name: string, labels = ''): number {
  return text
    .split('\n')
    .filter((line) => new RegExp(`^${name}[{ ]`).test(line) && line.includes(labels))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}

export async function startCounting(
  { args, env = {} }: RunOptions,
  dataDir: string = join(scratchDirectory(), 'data'),
): Promise<CountingServer> {
  const settings = { PORTOLAN_DATA_DIR: dataDir, PORTOLAN_METRICS_LISTEN: '0', ...env };
  const server = await startServer({ args, env: settings });
  await waitUntil(() => SERVED.test(server.stderr()));
  const [, url = ''] = SERVED.exec(server.stderr()) ?? [];
  const scrape = async () => (await fetch(url)).text();
  return {
    server,
    dataDir,
    scrape,
    valueOf: async (name, labels) => sumOf(await scrape(), name, labels),
  };
}
