// Starts the real program and talks to it from outside.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll } from 'vitest';

const MAIN = resolve(import.meta.dirname, '../../src/main.ts');
const LISTENING = /^Portolan is listening on (\S+)$/m;

export async function waitUntil(isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 400; attempt++) {
    if (await isSo()) return;
    await delay(50);
  }
  throw new Error('waited in vain');
}

export interface Run {
  readonly child: ChildProcess;
  readonly exited: Promise<number>;
  stdout(): string;
  stderr(): string;
}

export interface RunOptions {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const running = new Set<ChildProcess>();
const directories = new Set<string>();
// Also after a test that failed or ran out of time: nothing is left behind.
afterAll(async () => {
  for (const child of running) child.kill('SIGKILL');
  await waitUntil(() => running.size === 0);
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

export function scratchDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'portolan-cli-'));
  directories.add(directory);
  return directory;
}

export function run({ args, env = {} }: RunOptions): Run {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { PATH: process.env['PATH'], HOME: tmpdir(), ...env },
    cwd: tmpdir(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const exited = new Promise<number>((done) => {
    child.once('close', (code, signal) => {
      running.delete(child);
      done(code ?? (signal === 'SIGKILL' ? 137 : -1));
    });
  });
  return { child, exited, stdout: () => stdout, stderr: () => stderr };
}

export interface RunningServer extends Run {
  /** As printed: `http://127.0.0.1:PORT` or `unix:/path`. */
  readonly address: string;
  readonly pid: number;
  stop(): Promise<number>;
}

/** Waits for the line that says that everything accepts connections. */
export async function startServer(options: RunOptions): Promise<RunningServer> {
  const server = run({
    ...options,
    env: { PORTOLAN_LISTEN: '127.0.0.1:0', PORTOLAN_WORKERS: '1', ...options.env },
  });
  const address = new Promise<string>((done) => {
    server.child.stdout?.on('data', () => {
      const [, found] = LISTENING.exec(server.stdout()) ?? [];
      if (found !== undefined) done(found);
    });
  });
  const first = await Promise.race([address, server.exited]);
  if (typeof first === 'number') {
    throw new Error(`exit code ${first}\n${server.stdout()}${server.stderr()}`);
  }
  return {
    ...server,
    address: first,
    pid: server.child.pid ?? -1,
    stop: () => {
      server.child.kill('SIGTERM');
      return server.exited;
    },
  };
}

export function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .split(' ')
    .filter((text) => text !== '')
    .map(Number);
}

/** The password in the file that the first start wrote. */
export function adminPassword(dataDir: string): string {
  return readFileSync(join(dataDir, 'admin-password'), 'utf8').trimEnd();
}

export interface TokenRequest {
  readonly service: string;
  readonly scope?: string;
  readonly user?: string;
  readonly password: string;
}

export function requestToken(address: string, request: TokenRequest): Promise<Response> {
  const url = new URL('/token', address);
  url.searchParams.set('service', request.service);
  if (request.scope !== undefined) url.searchParams.set('scope', request.scope);
  const pair = `${request.user ?? 'admin'}:${request.password}`;
  return fetch(url, {
    headers: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` },
  });
}

export async function tokenOf(response: Response): Promise<string> {
  const body = (await response.json()) as { token?: string };
  if (body.token === undefined) throw new Error(JSON.stringify(body));
  return body.token;
}
