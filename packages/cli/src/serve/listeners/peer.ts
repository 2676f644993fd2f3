// Who is at the other end of each connection, noted when it is accepted: a socket that has been closed
// knows its peer no more, and would then look like a unix socket.
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

export interface Peer {
  /** Undefined for a unix socket. With a PROXY header, the address that it says. */
  readonly address: string | undefined;
  /** A program on this machine that may open the socket's file: a proxy. */
  readonly isLocal: boolean;
  /** By TLS of our own. */
  readonly isEncrypted: boolean;
  /** Through our own CONNECT: whoever is at `address` passed on bytes, and wrote no header. */
  readonly isTunnelled?: true;
}

export interface Peers {
  note(socket: Socket, peer: Peer): void;
  /** Of a connection that nobody noted nothing is believed. */
  of(request: IncomingMessage): Peer;
}

const UNKNOWN: Peer = { address: undefined, isLocal: false, isEncrypted: false };

export function createPeers(): Peers {
  const peers = new WeakMap<Socket, Peer>();
  return {
    note: (socket, peer) => void peers.set(socket, peer),
    of: ({ socket }) => peers.get(socket) ?? UNKNOWN,
  };
}
