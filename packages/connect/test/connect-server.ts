// A server that answers CONNECT on a port of its own, and what stands behind it in tests: `here.example` is
// served with an echo, and what is listed passes to the address that a test names.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net';
import { onTestFinished, vi } from 'vitest';
import {
  type ConnectFacts,
  type ConnectHandler,
  createConnectHandler,
  PassPattern,
} from '../src/index.ts';

export interface ConnectServerOptions {
  readonly dial?: (host: string) => Promise<Socket>;
  readonly prepare?: () => Promise<(socket: Socket) => void>;
  readonly idleMs?: number;
  readonly maxTunnels?: number;
}

export interface ConnectServer {
  readonly port: number;
  readonly handler: ConnectHandler;
  /** In order: what became of each request, and for which host. */
  readonly outcomes: string[];
  readonly facts: ConnectFacts[];
  /** Hosts that were dialled. */
  readonly dialled: string[];
  /** Of clients, that are open. */
  readonly connections: () => number;
}

function patterns(...texts: string[]): PassPattern[] {
  return texts.flatMap((text) => PassPattern.find(text) ?? []);
}

export function echo(socket: Socket): void {
  socket.on('data', (bytes) => socket.write(bytes));
  socket.on('end', () => socket.end());
}

async function listen(server: ReturnType<typeof createTcpServer>): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

export async function startConnectServer(
  options: ConnectServerOptions = {},
): Promise<ConnectServer> {
  const { idleMs = 60_000, maxTunnels = 100 } = options;
  const facts: ConnectFacts[] = [];
  const outcomes: string[] = [];
  const dialled: string[] = [];
  const sockets = new Set<Socket>();
  const handler = createConnectHandler({
    placeOf: async ({ host }) => {
      if (host === 'broken.example') throw new Error('the database is gone');
      if (host === 'registry.lan') return 'beside';
      return host === 'here.example' ? 'here' : undefined;
    },
    prepare: options.prepare ?? (async () => echo),
    passThrough: patterns('listed.example', '*.listed.example', 'listed.example:8443'),
    dial: async ({ host }) => {
      dialled.push(host);
      if (options.dial === undefined) throw new Error('nobody is there');
      return options.dial(host);
    },
    randomId: () => 'an-id',
    observe(fact) {
      facts.push(fact);
      outcomes.push(`${fact.outcome} ${fact.target?.host ?? ''}`.trim());
    },
    publicUrl: 'https://registry.lan',
    limits: { idleMs, maxTunnels },
  });
  const server = createServer((request, response) => handler.request(request, response));
  server.on('connect', (request, socket: Socket, head) => {
    socket.on('error', () => undefined);
    if (head.length > 0) socket.unshift(head);
    handler.connect(request, socket);
  });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const port = await listen(server);
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port, handler, outcomes, facts, dialled, connections: () => sockets.size };
}

/** Somebody to pass to. */
export async function startPeer(serve: (socket: Socket) => void) {
  const sockets = new Set<Socket>();
  const server = createTcpServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    serve(socket);
  });
  const port = await listen(server);
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return {
    sockets,
    dial: async (): Promise<Socket> => {
      const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
      await once(socket, 'connect');
      return socket;
    },
  };
}

/** A raw client; `text` is all that has come. */
export async function openClient(port: number) {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
  let text = '';
  socket.on('error', () => undefined);
  socket.on('data', (bytes) => (text += bytes.toString('latin1')));
  const ended = new Promise<void>((resolve) => {
    socket.once('close', () => resolve());
  });
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return { socket, ended, text: () => text };
}

export async function waitFor(isSo: () => boolean): Promise<void> {
  await vi.waitUntil(isSo, { interval: 5, timeout: 10_000 });
}
