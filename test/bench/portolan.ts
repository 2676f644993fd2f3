// Portolan as a user runs it: `portolan serve`, tokens on, one worker a core unless told otherwise.
import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { freePort } from './free-port.ts';
import { type Contender, endProcess, type Server, waitForAnswer } from './server.ts';

export const MAIN = path.resolve(import.meta.dirname, '../../packages/cli/src/main.ts');
export const ADMIN = { name: 'admin', password: 'a-password-for-the-benchmark' } as const;

/** A token for the scopes, by password. */
export async function token(url: string, service: string, scopes: string[]): Promise<string> {
  const query = new URLSearchParams([['service', service], ...scopes.map((s) => ['scope', s])]);
  const basic = Buffer.from(`${ADMIN.name}:${ADMIN.password}`).toString('base64');
  const response = await fetch(`${url}/token?${query.toString()}`, {
    headers: { authorization: `Basic ${basic}` },
  });
  if (!response.ok) throw new Error(`token: ${response.status} ${await response.text()}`);
  const { access_token } = (await response.json()) as { access_token: string };
  return access_token;
}

/** The audience that the registry names in its challenge. */
export async function serviceOf(url: string): Promise<string> {
  const response = await fetch(`${url}/v2/`);
  await response.arrayBuffer();
  return /service="([^"]+)"/.exec(response.headers.get('www-authenticate') ?? '')?.[1] ?? '';
}

/** The first start makes the administrator after it has begun to listen; the banner says it is done. */
export function waitForBanner(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('exit', () => reject(new Error('portolan ended at once')));
    child.stdout?.on('data', (chunk) => {
      if (String(chunk).includes('Portolan is listening on ')) resolve();
    });
  });
}

async function start(directory: string, options: { workers?: number } = {}): Promise<Server> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const startedAt = performance.now();
  const child = spawn(process.execPath, [MAIN, 'serve'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      PATH: process.env['PATH'],
      PORTOLAN_DATA_DIR: directory,
      PORTOLAN_LISTEN: `127.0.0.1:${port}`,
      PORTOLAN_ADMIN_PASSWORD: ADMIN.password,
      PORTOLAN_LOG_LEVEL: 'warn',
      ...(options.workers === undefined ? {} : { PORTOLAN_WORKERS: String(options.workers) }),
    },
  });
  const banner = waitForBanner(child);
  const startMs = await waitForAnswer(url, startedAt);
  await banner;
  const service = await serviceOf(url);
  return {
    name: 'portolan',
    url,
    pid: child.pid ?? 0,
    startMs,
    directory,
    headers: async (...scopes) => ({
      authorization: `Bearer ${await token(url, service, scopes)}`,
    }),
    stop: () => endProcess(child),
  };
}

export function portolan(): Contender {
  return { name: 'portolan', version: process.env['npm_package_version'] ?? 'this tree', start };
}
