// One run of wrk: a bounded load of GET requests from another process.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface WrkOptions {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly connections: number;
  readonly seconds: number;
}

export interface WrkResult {
  readonly requestsPerSecond: number;
  readonly bytesPerSecond: number;
}

const UNITS: Readonly<Record<string, number>> = { B: 1, KB: 2 ** 10, MB: 2 ** 20, GB: 2 ** 30 };

/** @throws Error when any answer was not 2xx or 3xx, since such a figure would mean nothing. */
export async function wrk(options: WrkOptions): Promise<WrkResult> {
  const headers = Object.entries(options.headers).flatMap(([k, v]) => ['-H', `${k}: ${v}`]);
  const { stdout } = await run('wrk', [
    '-t2',
    `-c${options.connections}`,
    `-d${options.seconds}s`,
    '--timeout',
    '30s',
    ...headers,
    options.url,
  ]);
  if (/Non-2xx or 3xx responses/.test(stdout)) throw new Error(`${options.url}\n${stdout}`);
  const requests = /Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1];
  const transfer = /Transfer\/sec:\s+([\d.]+)([KMG]?B)/.exec(stdout);
  return {
    requestsPerSecond: Number(requests),
    bytesPerSecond: Number(transfer?.[1]) * (UNITS[transfer?.[2] ?? 'B'] ?? 1),
  };
}
