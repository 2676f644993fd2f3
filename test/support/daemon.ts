// A program that runs beside the tests until it is stopped, by its pid.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

export interface DaemonOptions {
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly logFile: string;
  /** Asked every 50 ms. */
  isReady(): Promise<boolean>;
}

export interface Daemon {
  readonly pid: number;
  stop(): Promise<void>;
}

const READY_WITHIN_MS = 30_000;
const STOP_WITHIN_MS = 15_000;

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
  await exit;
  clearTimeout(timer);
}

export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const log = openSync(options.logFile, 'a');
  // A test run that is broken off, in whatever way, must not leave a daemon behind.
  const command = ['--pdeathsig', 'TERM', options.file, ...options.args];
  const child = spawn('/usr/bin/setpriv', command, {
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', ...options.env },
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  await once(child, 'spawn');
  const deadline = Date.now() + READY_WITHIN_MS;
  while (!(await options.isReady())) {
    const hasEnded = child.exitCode !== null || child.signalCode !== null;
    if (hasEnded || Date.now() > deadline) {
      await stop(child);
      const said = readFileSync(options.logFile, 'utf8').slice(-4000);
      throw new Error(`${options.file} did not get ready:\n${said}`);
    }
    await delay(50);
  }
  return { pid: child.pid ?? 0, stop: () => stop(child) };
}
