// Starts the real program as a child process, for tests that see it only from outside: one address,
// one data directory, one password. Every server that a test process started dies with it.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { watchOver } from './death-watch.ts';
import { requestToken, type TokenUser } from './request-token.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const MAIN = 'packages/cli/src/main.ts';
const LISTENING = /^Portolan is listening on (http:\/\/([^\s/:]+|\[[^\]]+\]):(\d+))\/?\s*$/m;
const START_TIMEOUT_MS = 30_000;

export interface PortolanOptions {
  /** `serve` unless told otherwise: `serve registry`, `serve auth`. */
  readonly command?: readonly string[];
  /** HTTP processes; 1 runs all in one process. */
  readonly workers?: number;
  /** Added to the environment, and wins over what is set here. */
  readonly env?: Readonly<Record<string, string>>;
  /** The text of a configuration file. */
  readonly config?: string;
  /** Kept after `stop`; without it a fresh one is made, and removed. */
  readonly dataDir?: string;
}

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Portolan {
  readonly url: string;
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  readonly port: number;
  readonly dataDir: string;
  readonly adminPassword: string;
  readonly pid: number;
  /** Runs the command line on the same data directory. */
  cli(...args: string[]): Promise<CommandResult>;
  /** A token for the scopes, as the administrator unless told otherwise. */
  token(scopes: readonly string[], user?: TokenUser): Promise<string>;
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number>;
  /** SIGKILL, as a crash; the data directory stays until the test process ends. */
  kill(): Promise<void>;
  /** All output so far. */
  logs(): string;
}

function environment(dataDir: string, more: Record<string, string>): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '',
    HOME: process.env['HOME'] ?? dataDir,
    PORTOLAN_DATA_DIR: dataDir,
    ...more,
  };
}

function launch(args: readonly string[], env: Record<string, string>) {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: ROOT,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  const exited = new Promise<number>((done, fail) => {
    child.once('error', fail);
    // `close` comes after the last output, `exit` may come before it.
    child.once('close', (code) => done(code ?? -1));
  });
  return { child, output, exited, logs: () => output.stdout + output.stderr };
}

export interface CommandEnvironment {
  readonly dataDir: string;
  readonly more?: Record<string, string>;
}

export interface RunningCommand {
  readonly pid: number;
  readonly ended: Promise<CommandResult>;
  /** SIGKILL. */
  kill(): void;
}

/** Starts one command of the program, for tests that look at it while it runs. */
export function startCommand(
  args: readonly string[],
  { dataDir, more = {} }: CommandEnvironment,
): RunningCommand {
  const { child, output, exited } = launch(args, environment(dataDir, more));
  return {
    pid: child.pid ?? -1,
    ended: exited.then((code) => ({ code, ...output })),
    kill: () => void child.kill('SIGKILL'),
  };
}

/** Runs one command of the program to its end. */
export function runPortolan(
  args: readonly string[],
  env: CommandEnvironment,
): Promise<CommandResult> {
  return startCommand(args, env).ended;
}

type Launched = ReturnType<typeof launch>;

async function waitForAddress(server: Launched): Promise<{ url: string; port: number }> {
  let timer: NodeJS.Timeout | undefined;
  const address = new Promise<{ url: string; port: number }>((done) => {
    server.child.stdout.on('data', () => {
      const [, url, , port] = LISTENING.exec(server.output.stdout) ?? [];
      if (url !== undefined) done({ url, port: Number(port) });
    });
  });
  const late = new Promise<'late'>((done) => {
    timer = setTimeout(() => done('late'), START_TIMEOUT_MS);
  });
  const first = await Promise.race([address, late, server.exited]);
  clearTimeout(timer);
  if (typeof first === 'object') return first;
  server.child.kill('SIGKILL');
  const why = first === 'late' ? `no address after ${START_TIMEOUT_MS} ms` : `exit code ${first}`;
  throw new Error(`portolan serve did not start: ${why}\n${server.logs()}`);
}

async function prepare(options: PortolanOptions) {
  const scratch = await mkdtemp(join(tmpdir(), 'portolan-test-'));
  const dataDir = options.dataDir ?? join(scratch, 'data');
  const adminPassword = randomBytes(18).toString('base64url');
  const env = environment(dataDir, {
    PORTOLAN_LISTEN: '127.0.0.1:0',
    PORTOLAN_WORKERS: String(options.workers ?? 1),
    PORTOLAN_ADMIN_PASSWORD: adminPassword,
    ...options.env,
  });
  if (options.config !== undefined) {
    env['PORTOLAN_CONFIG'] = join(scratch, 'portolan.yaml');
    await writeFile(env['PORTOLAN_CONFIG'], options.config);
  }
  return {
    dataDir,
    env,
    adminPassword: env['PORTOLAN_ADMIN_PASSWORD'] ?? adminPassword,
    scratch,
  };
}

/** Starts `portolan serve` and waits until it answers; throws with the server's output when not. */
export async function startPortolan(options: PortolanOptions = {}): Promise<Portolan> {
  const { dataDir, env, adminPassword, scratch } = await prepare(options);
  const server = launch(options.command ?? ['serve'], env);
  const watch = watchOver(server.child.pid ?? 0, scratch);
  void server.exited.then(watch.forgetProcess, watch.forgetProcess);
  const { url, port } = await waitForAddress(server);
  const admin = { name: 'admin', password: adminPassword };
  return {
    url,
    host: new URL(url).host,
    port,
    dataDir,
    adminPassword,
    pid: server.child.pid ?? -1,
    cli: (...args) => runPortolan(args, { dataDir }),
    token: (scopes, user = admin) => requestToken(url, scopes, user),
    logs: server.logs,
    async stop() {
      server.child.kill('SIGTERM');
      const code = await server.exited;
      await rm(scratch, { recursive: true, force: true });
      watch.end();
      return code;
    },
    async kill() {
      server.child.kill('SIGKILL');
      await server.exited;
    },
  };
}
