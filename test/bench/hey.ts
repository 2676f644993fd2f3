// HEAD requests from another process. wrk waits for the body that a HEAD's Content-Length announces.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { WrkOptions } from './wrk.ts';

const run = promisify(execFile);

/** @throws Error when any answer was not 200, since such a figure would mean nothing. */
export async function hey(options: WrkOptions): Promise<{ readonly requestsPerSecond: number }> {
  const headers = Object.entries(options.headers).flatMap(([k, v]) => ['-H', `${k}: ${v}`]);
  const { stdout } = await run('hey', [
    '-m',
    'HEAD',
    '-c',
    String(options.connections),
    '-z',
    `${options.seconds}s`,
    ...headers,
    options.url,
  ]);
  const statuses = [...stdout.matchAll(/\[(\d{3})\]\s+\d+ responses/g)].map((match) => match[1]);
  if (statuses.length !== 1 || statuses[0] !== '200') throw new Error(`${options.url}\n${stdout}`);
  return { requestsPerSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]) };
}
