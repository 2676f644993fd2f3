// One listener with the simplest app on it, for tests that look at the connection.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { ListenAddress } from '../../../src/config/listen-address.ts';
import { createConnectionSlots } from '../../../src/serve/listeners/connection-limit.ts';
import { startListeners } from '../../../src/serve/listeners/listeners.ts';
import { createPeers, type Peer } from '../../../src/serve/listeners/peer.ts';
import type { RefusalReason } from '../../../src/serve/listeners/refusal.ts';
import type { HandshakeDeps } from '../../../src/serve/listeners/tls-handshake.ts';

export interface ListenerOptions {
  readonly tls?: HandshakeDeps;
  readonly maxConnections?: number;
}

export interface Listener {
  readonly port: number;
  /** Why connections were given up. */
  readonly reasons: readonly string[];
  /** As they are counted. */
  readonly refusals: readonly RefusalReason[];
  /** Of the last request. */
  readonly peer: () => Peer | undefined;
  readonly drain: (graceMs: number) => Promise<void>;
}

/** Answers each request with its method and target. */
export async function startListener(
  text: string,
  { tls, maxConnections = 100 }: ListenerOptions = {},
): Promise<Listener> {
  const address = ListenAddress.parse(text);
  if ('problem' in address) throw new Error(address.problem);
  const peers = createPeers();
  const reasons: string[] = [];
  const refusals: RefusalReason[] = [];
  let peer: Peer | undefined;
  const listeners = await startListeners([address], {
    peers,
    slots: createConnectionSlots(maxConnections),
    tls,
    report: (error) => reasons.push((error as Error).message),
    countRefusal: (reason) => refusals.push(reason),
  });
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    peer = peers.of(request);
    request.resume().once('end', () => response.end(`${request.method} ${request.url}`));
  };
  listeners.handle({ request: answer, checkContinue: answer }, 'https://registry.test');
  onTestFinished(() => listeners.drain(0));
  const [bound] = listeners.addresses;
  return {
    port: bound?.kind === 'tcp' ? bound.port : 0,
    reasons,
    refusals,
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
