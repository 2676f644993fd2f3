// One listener with the simplest app on it, for tests that look at the connection.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { ListenAddress } from '../../../src/config/listen-address.ts';
import { createConnectionSlots } from '../../../src/serve/listeners/connection-limit.ts';
import {
  type HandlersBehindConnect,
  startListeners,
} from '../../../src/serve/listeners/listeners.ts';
import { createPeers, type Peer } from '../../../src/serve/listeners/peer.ts';
import type { OriginFor } from '../../../src/serve/listeners/redirect-origin.ts';
import type { RefusalReason } from '../../../src/serve/listeners/refusal.ts';
import type { RefusedRequest } from '../../../src/serve/listeners/request-refusal.ts';
import type { HandshakeDeps } from '../../../src/serve/listeners/tls-handshake.ts';

export interface ListenerOptions {
  readonly tls?: HandshakeDeps;
  readonly maxConnections?: number;
  readonly originFor?: OriginFor;
}

export interface Listener {
  readonly port: number;
  /** Why connections were given up. */
  readonly reasons: readonly string[];
  /** As they are counted. */
  readonly refusals: readonly RefusalReason[];
  readonly refused: readonly RefusedRequest[];
  /** Of the last request. */
  readonly peer: () => Peer | undefined;
  readonly drain: (graceMs: number) => Promise<void>;
}

/** What `connect` listeners do, for whatever is asked for. */
function behindConnect(tls: HandshakeDeps | undefined): HandlersBehindConnect {
  return (apps, secure) => ({
    ...apps,
    connect(_, socket) {
      if (tls === undefined) throw new Error('a tunnel needs TLS');
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      secure(socket, { tls, peer: { address: '127.0.0.1', isLocal: false, isEncrypted: false } });
    },
  });
}

/** Answers each request with its method and target. */
export async function startListener(
  text: string,
  options: ListenerOptions = {},
): Promise<Listener> {
  const { tls, maxConnections = 100, originFor = async () => 'https://registry.test' } = options;
  const address = ListenAddress.parse(text);
  if ('problem' in address) throw new Error(address.problem);
  const peers = createPeers();
  const reasons: string[] = [];
  const refusals: RefusalReason[] = [];
  const refused: RefusedRequest[] = [];
  let peer: Peer | undefined;
  const listeners = await startListeners([address], {
    peers,
    slots: createConnectionSlots(maxConnections),
    tls,
    report: (error) => reasons.push((error as Error).message),
    randomId: () => 'an-id',
    reportRequest: (request) => refused.push(request),
    countRefusal: (reason) => refusals.push(reason),
  });
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    peer = peers.of(request);
    request.resume().once('end', () => response.end(`${request.method} ${request.url}`));
  };
  const apps = { request: answer, checkContinue: answer };
  listeners.handle({ apps, originFor, connect: behindConnect(tls) });
  onTestFinished(() => listeners.drain(0));
  const [bound] = listeners.addresses;
  return {
    port: bound?.kind === 'tcp' ? bound.port : 0,
    reasons,
    refusals,
    refused,
    peer: () => peer,
    drain: (graceMs) => listeners.drain(graceMs),
  };
}

/** Everything that comes until the connection ends. */
export async function readAll(socket: Socket): Promise<string> {
  let text = '';
  socket.setEncoding('latin1').on('data', (part: string) => (text += part));
  socket.on('error', () => undefined);
  await new Promise((resolve) => socket.once('close', resolve));
  return text;
}

/** Sends the parts one after the other, each in a packet of its own. */
export async function exchange(port: number, parts: readonly (string | Buffer)[]): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  const all = readAll(socket);
  for (const part of parts) {
    socket.write(part);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return all;
}
