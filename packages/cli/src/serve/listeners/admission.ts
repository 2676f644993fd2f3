// What stands between an accepted connection and its first request: a PROXY header where one is due, then
// TLS. Both together have a time limit, since a connection here is not yet seen by the limits of HTTP. After
// a CONNECT it stands here once more.
import type { Socket } from 'node:net';
import type { ListenAddress } from '../../config/listen-address.ts';
import type { Peer, Peers } from './peer.ts';
import { ProxyHeaderError, readProxyHeader } from './proxy-header.ts';
import type { CountRefusal, RefusalReason } from './refusal.ts';
import { handshake, type HandshakeDeps } from './tls-handshake.ts';

export interface AdmissionDeps {
  readonly peers: Peers;
  /** For `https` listeners. */
  readonly tls: HandshakeDeps | undefined;
  readonly report: (error: unknown) => void;
  readonly countRefusal?: CountRefusal;
}

export interface Admission {
  /** `serve` gets the socket to speak HTTP on. */
  admit(raw: Socket, serve: (socket: Socket) => void): void;
  /** The same for one that begins TLS only now. */
  secure(raw: Socket, tunnel: Tunnel, serve: (socket: Socket) => void): void;
  /** Gives up those that have not come so far. */
  close(): void;
}

/** A connection after its CONNECT. */
export interface Tunnel {
  readonly tls: HandshakeDeps;
  /** Of the CONNECT. */
  readonly peer: Peer;
}

const LIMIT_MS = 20_000;

/** @param isLocal whether the listener is a unix socket; a TCP socket that is gone has no address either */
export function createAdmission(
  { scheme, hasProxyHeader }: ListenAddress,
  isLocal: boolean,
  { peers, tls, report, countRefusal }: AdmissionDeps,
): Admission {
  const waiting = new Set<Socket>();
  let isClosed = false;
  const secure = scheme === 'https' ? tls : undefined;

  async function prepare(raw: Socket, peer: Peer): Promise<Socket> {
    const client = hasProxyHeader ? await readProxyHeader(raw) : undefined;
    const socket = secure === undefined ? raw : await handshake(raw, secure);
    peers.note(socket, client === undefined ? peer : { ...peer, address: client, isLocal: false });
    return socket;
  }

  async function prepareTunnel(raw: Socket, tunnel: Tunnel): Promise<Socket> {
    if (isClosed) throw new Error('the server is being stopped');
    const socket = await handshake(raw, tunnel.tls);
    const { address } = tunnel.peer;
    peers.note(socket, { address, isLocal: false, isEncrypted: true, isTunnelled: true });
    return socket;
  }

  function refuse(error: unknown, isLate: boolean): void {
    report(error);
    const reason: RefusalReason = error instanceof ProxyHeaderError ? 'proxy_header' : 'tls';
    // Whoever was given up because we stop was not refused.
    if (!isClosed) countRefusal?.(isLate ? 'timeout' : reason);
  }

  async function serveInTime(
    raw: Socket,
    preparing: () => Promise<Socket>,
    serve: (socket: Socket) => void,
  ): Promise<void> {
    // Until HTTP listens to it; an error without a listener would end the process.
    raw.on('error', () => undefined);
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      raw.destroy(new Error('the connection did not begin in time'));
    }, LIMIT_MS);
    waiting.add(raw);
    try {
      serve(await preparing());
    } catch (error) {
      raw.destroy();
      refuse(error, isLate);
    } finally {
      clearTimeout(timer);
      waiting.delete(raw);
    }
  }

  return {
    admit(raw, serve) {
      const address = isLocal ? undefined : raw.remoteAddress;
      const peer = { address, isLocal, isEncrypted: secure !== undefined };
      if (!hasProxyHeader && secure === undefined) {
        peers.note(raw, peer);
        serve(raw);
        return;
      }
      void serveInTime(raw, () => prepare(raw, peer), serve);
    },
    secure(raw, tunnel, serve) {
      void serveInTime(raw, () => prepareTunnel(raw, tunnel), serve);
    },
    close() {
      isClosed = true;
      for (const raw of waiting) raw.destroy(new Error('the server is being stopped'));
    },
  };
}
