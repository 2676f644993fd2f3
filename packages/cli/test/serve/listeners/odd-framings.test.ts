// Request smuggling (reference S20): whatever a client sends, nobody gets the answer to another's request.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { connect, createServer, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ListenAddress } from '../../../src/config/listen-address.ts';
import { createConnectionSlots } from '../../../src/serve/listeners/connection-limit.ts';
import { type Listeners, startListeners } from '../../../src/serve/listeners/listeners.ts';
import { createPeers } from '../../../src/serve/listeners/peer.ts';
import { ODD_REQUESTS } from './odd-requests.ts';
import { waitUntil } from '../start-server.ts';

const VICTIM = 'GET /victim HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
/** An odd request may be waited for without end. */
const QUIET_MS = 100;
/** A victim asks that its connection be closed. */
const PATIENCE_MS = 20_000;

interface Backend {
  readonly port: number;
  readonly listeners: Listeners;
}

async function startBackend(): Promise<Backend> {
  const address = ListenAddress.parse('127.0.0.1:0');
  if ('problem' in address) throw new Error(address.problem);
  const listeners = await startListeners([address], {
    peers: createPeers(),
    slots: createConnectionSlots(100),
    tls: undefined,
    report: () => undefined,
    randomId: () => 'an-id',
  });
  listeners.handle({
    apps: {
      request: (request, response) => {
        request.on('error', () => undefined);
        request.resume().once('end', () => response.end(`<${request.method} ${request.url}>`));
      },
      checkContinue: (_, response) => response.end(),
    },
    originFor: async () => 'https://registry.test',
  });
  const [bound] = listeners.addresses;
  return { listeners, port: bound?.kind === 'tcp' ? bound.port : 0 };
}

/** What comes until the other side closes, or says nothing more. */
async function send(port: number, bytes: Buffer | string, quietMs = QUIET_MS): Promise<string> {
  const socket: Socket = connect({ port, host: '127.0.0.1', noDelay: true });
  let text = '';
  socket.setEncoding('latin1').on('data', (part: string) => (text += part));
  socket.on('error', () => undefined).setTimeout(quietMs, () => socket.destroy());
  socket.write(bytes);
  await new Promise((resolve) => socket.once('close', resolve));
  return text;
}

function echoesIn(answer: string): string[] {
  return [...answer.matchAll(/<(\w+ \S+)>/g)].map(([, echo]) => echo ?? '');
}

interface Proxy {
  readonly command: string;
  readonly args: (file: string) => string[];
  readonly config: (port: number, backend: number) => string;
}

/** As few connections to the backend as they can: whoever hides a request gets it answered to the next. */
const PROXIES: readonly Proxy[] = [
  {
    command: 'haproxy',
    args: (file) => ['-f', file, '-db'],
    config: (port, backend) => `
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
  http-reuse always
listen front
  bind 127.0.0.1:${port}
  server portolan 127.0.0.1:${backend} pool-max-conn 1 maxconn 4
`,
  },
  {
    command: 'nginx',
    args: (file) => ['-c', file, '-p', dirname(file), '-e', 'stderr', '-g', 'daemon off;'],
    config: (port, backend) => `
pid nginx.pid;
worker_processes 1;
events {}
http {
  access_log off;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  upstream portolan { server 127.0.0.1:${backend}; keepalive 1; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://portolan;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_request_buffering off;
    }
  }
}
`,
  },
];

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

let backend: Backend;
beforeAll(async () => {
  backend = await startBackend();
});
afterAll(() => backend.listeners.drain(0));

it('has at least 60 odd requests', () => {
  expect(ODD_REQUESTS.length).toBeGreaterThanOrEqual(60);
});

describe('directly', () => {
  it.each(ODD_REQUESTS)('$name hides no request', async ({ bytes }) => {
    const answer = await send(backend.port, bytes);
    const [status] = answer.match(/^HTTP\/1\.1 \d+/) ?? [];
    expect(echoesIn(answer)).not.toContain('GET /hidden');
    // Either it was refused, or it was one request to its end.
    if (status === 'HTTP/1.1 200') expect(echoesIn(answer)).toHaveLength(1);
  });
});

describe.each(PROXIES)('through $command', ({ command, args, config }) => {
  let proxy: ChildProcess;
  let directory: string;
  let port: number;
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), `portolan-${command}-`));
    port = await findFreePort();
    const file = join(directory, 'proxy.conf');
    writeFileSync(file, config(port, backend.port));
    proxy = spawn(command, args(file), { stdio: 'ignore' });
    await waitUntil(async () => (await send(port, VICTIM, PATIENCE_MS)).includes('<GET /victim>'));
  });
  afterAll(async () => {
    const ended = once(proxy, 'exit');
    proxy.kill('SIGTERM');
    await ended;
    rmSync(directory, { recursive: true });
  });

  it.each(ODD_REQUESTS)('$name takes nobody else’s answer', async ({ bytes }) => {
    const answer = await send(port, bytes);
    const victims = await Promise.all([1, 2].map(() => send(port, VICTIM, PATIENCE_MS)));
    // What a proxy repairs may be two requests, answered in their order.
    expect(echoesIn(answer)[0] ?? 'POST /first').not.toBe('GET /hidden');
    for (const victim of victims) expect(echoesIn(victim)).toEqual(['GET /victim']);
  });
});
