// Both registries over TLS: on a listener of their own, and on a unix socket for the proxy in front.
import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { PROGRAM } from '../docker-registry.ts';
import { freePort } from '../free-port.ts';
import { ADMIN, MAIN, token, waitForBanner } from '../portolan.ts';
import { endProcess } from '../server.ts';

/** The name on the certificate, and the `Host` of every request. */
export const NAME = 'registry.lan';

export interface TlsFiles {
  readonly certificate: string;
  readonly key: string;
  /** A directory with both in one file. */
  readonly directory: string;
}

export interface TlsServer {
  /** Its own TLS, `https://127.0.0.1:<port>`; undefined when it is on the socket alone. */
  readonly url: string | undefined;
  readonly socket: string | undefined;
  /** Answers 200 while it is well. */
  readonly healthPath: string;
  headers(scope: string): Promise<Readonly<Record<string, string>>>;
  stop(): Promise<void>;
}

export type Way = 'own TLS' | 'HAProxy';

/** Starts one of them on a directory with content, to be reached in one way. */
export type StartTls = (directory: string, way: Way, files: TlsFiles) => Promise<TlsServer>;

function registrySettings(directory: string, http: object): string {
  // JSON is YAML.
  return JSON.stringify({
    version: 0.1,
    log: { level: 'error', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: directory }, delete: { enabled: true } },
    http,
  });
}

export const startDockerRegistry: StartTls = async (directory, way, { certificate, key }) => {
  const address = `127.0.0.1:${await freePort()}`;
  const socket = path.join(directory, '..', 'docker-registry.sock');
  const http =
    way === 'HAProxy'
      ? { net: 'unix', addr: socket }
      : { addr: address, tls: { certificate, key } };
  const file = path.join(directory, '..', 'docker-registry-tls.yml');
  writeFileSync(file, registrySettings(directory, http));
  const child = spawn(PROGRAM, ['serve', file], { stdio: 'ignore' });
  return {
    url: way === 'HAProxy' ? undefined : `https://${address}`,
    socket: way === 'HAProxy' ? socket : undefined,
    healthPath: '/',
    headers: async () => ({}),
    stop: () => endProcess(child),
  };
};

function startServe(directory: string, listen: readonly string[], files: TlsFiles): ChildProcess {
  return spawn(process.execPath, [MAIN, 'serve'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      PATH: process.env['PATH'],
      PORTOLAN_DATA_DIR: directory,
      PORTOLAN_LISTEN: listen.join(','),
      PORTOLAN_PUBLIC_URL: `https://${NAME}`,
      PORTOLAN_TLS_CERTIFICATES: files.directory,
      PORTOLAN_ADMIN_PASSWORD: ADMIN.password,
      PORTOLAN_LOG_LEVEL: 'warn',
    },
  });
}

export const startPortolan: StartTls = async (directory, way, files) => {
  const plain = `127.0.0.1:${await freePort()}`;
  const encrypted = `https://127.0.0.1:${await freePort()}`;
  const socket = path.join(directory, '..', 'portolan.sock');
  const second = way === 'HAProxy' ? `unix:${socket}` : encrypted;
  const child = startServe(directory, [plain, second], files);
  await waitForBanner(child);
  return {
    url: way === 'HAProxy' ? undefined : encrypted,
    socket: way === 'HAProxy' ? socket : undefined,
    healthPath: '/livez',
    headers: async (scope) => ({
      authorization: `Bearer ${await token(`http://${plain}`, NAME, [scope])}`,
    }),
    stop: () => endProcess(child),
  };
};
