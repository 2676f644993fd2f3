// The TLS of a connection: the certificate by the name that the client asks for, HTTP/1.1 alone, and
// session tickets that every worker understands. Each connection takes the certificates that are there
// when it begins, so that new ones disturb none.
import type { Socket } from 'node:net';
import { type SecureContext, TLSSocket } from 'node:tls';

export interface HandshakeDeps {
  /** The context for a name; for none, the one that clients without SNI get. A name may be refused by throwing. */
  readonly find: (
    serverName: string | undefined,
  ) => SecureContext | undefined | Promise<SecureContext | undefined>;
  readonly ticketKeys: () => Buffer;
}

interface NativeContext {
  setTicketKeys(keys: Buffer): void;
}

const LEFT = 'the client left within its TLS handshake';

async function choose(
  find: HandshakeDeps['find'],
  name: string,
  done: (error: Error | null, context?: SecureContext) => void,
): Promise<void> {
  let context: SecureContext | undefined;
  try {
    context = await find(name);
  } catch (error) {
    return done(error instanceof Error ? error : new Error('refused', { cause: error }));
  }
  return done(null, context);
}

/**
 * The client's half is closed, which ends nothing by itself: HTTP has its sockets half-open. Bytes are read
 * from either, so either may be the one that comes to the end.
 */
function whenLeft(raw: Socket, socket: TLSSocket, then: (error: Error) => void): void {
  const leave = (): void => then(new Error(LEFT));
  raw.once('end', leave);
  socket.once('end', leave);
}

/** Rejects when the handshake fails or the connection ends; node has told the client why. */
export async function handshake(
  raw: Socket,
  { find, ticketKeys }: HandshakeDeps,
): Promise<TLSSocket> {
  const secureContext = await find(undefined);
  if (secureContext === undefined) throw new Error('there is no certificate');
  if (raw.readableEnded || raw.destroyed) throw new Error(LEFT);
  // Tickets are always those of the first context, whatever the name then leads to.
  (secureContext.context as NativeContext).setTicketKeys(ticketKeys());
  const socket = new TLSSocket(raw, {
    isServer: true,
    secureContext,
    SNICallback: (name, done) => void choose(find, name, done),
    ALPNProtocols: ['http/1.1'],
  });
  const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>();
  // It stays: between here and HTTP an error without a listener would end the process.
  socket.on('error', reject);
  // Once the handshake is done, node tells errors to sockets of its own TLS server alone: without this
  // neither a broken record nor a renegotiation would end the connection.
  socket.on('_tlsError', (error: Error) => socket.destroy(error));
  socket.once('close', () => reject(new Error(LEFT)));
  whenLeft(raw, socket, reject);
  socket.once('secure', () => {
    // TLS 1.2 only; nobody needs it, and each costs a handshake.
    socket.disableRenegotiation();
    resolve(socket);
  });
  return promise;
}
