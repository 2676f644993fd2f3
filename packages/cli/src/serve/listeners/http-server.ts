// One HTTP listener: its limits, where it listens, and how it is drained.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { once } from 'node:events';
import type { ListenAddress } from '../../config/listen-address.ts';
import { type Admission, type AdmissionDeps, createAdmission, type Tunnel } from './admission.ts';
import type { ConnectionSlots } from './connection-limit.ts';
import { listenOnInherited } from './passed-sockets.ts';
import { type CountRefusal, reasonOfClientError } from './refusal.ts';
import { createRequestRefusal, type RequestRefusalDeps } from './request-refusal.ts';

export interface RequestHandlers {
  readonly request: (request: IncomingMessage, response: ServerResponse) => void;
  /** For `Expect: 100-continue`: decides before the body is sent. */
  readonly checkContinue: (request: IncomingMessage, response: ServerResponse) => void;
  /** Of a `connect` listener alone. The socket is no longer HTTP's, and has what came after the request. */
  readonly connect?: (request: IncomingMessage, socket: Socket) => void;
}

export interface HttpServerDeps extends AdmissionDeps, RequestRefusalDeps {
  readonly slots: ConnectionSlots;
}

export interface HttpServer {
  /** With the port that was taken for port 0. */
  readonly address: ListenAddress;
  /** Requests wait until the handlers are there. */
  handle(handlers: RequestHandlers): void;
  /** Goes on with TLS, and HTTP in it, on a connection that was asked for by CONNECT. */
  readonly secure: (raw: Socket, tunnel: Tunnel) => void;
  readonly isDraining: () => boolean;
  /** Accepts no more; resolves when the last request is answered, at the latest after the grace. */
  drain(graceMs: number): Promise<void>;
}

const IDLE_CHECK_MS = 100;
/** Nothing at all on a socket for so long, in the middle of a request, is a peer that is gone. */
const SILENCE_MS = 10 * 60_000;
const BACKLOG = 1024;

function configure(): Server {
  const server = createServer({
    // Ours refuses these, too.
    requireHostHeader: false,
    // A layer may take hours; the registry has a rule on progress instead (reference R2-19).
    requestTimeout: 0,
    headersTimeout: 60_000,
    // Longer than proxies keep theirs, so that the proxy closes first and loses no request.
    keepAliveTimeout: 75_000,
    connectionsCheckingInterval: 10_000,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: 30_000,
  });
  server.timeout = SILENCE_MS;
  // Node would drop those beyond its limit without a word, a second Host among them; ours refuses.
  server.maxHeadersCount = 0;
  return server;
}

async function listen(server: Server, address: ListenAddress): Promise<ListenAddress> {
  if (address.kind === 'systemd') listenOnInherited(server, address);
  else if (address.kind === 'unix') server.listen({ path: address.path, backlog: BACKLOG });
  else server.listen({ host: address.host, port: address.port, backlog: BACKLOG });
  await once(server, 'listening');
  if (address.kind !== 'tcp') return address;
  return { ...address, port: (server.address() as AddressInfo).port };
}

/** A unix socket has a path as its address, or none when systemd opened it. */
function isLocal(server: Server): boolean {
  const address = server.address();
  return address === null || typeof address === 'string';
}

/** Puts the admission before node's own listener, which makes a connection one of HTTP, and returns that. */
function admitBeforeHttp(
  server: Server,
  admission: () => Admission,
  { slots, countRefusal }: HttpServerDeps,
): (socket: Socket) => void {
  const listeners = server.listeners('connection');
  server.removeAllListeners('connection');
  const serve = (socket: Socket): void => {
    for (const listener of listeners) listener.call(server, socket);
  };
  server.on('connection', (raw: Socket) => {
    if (slots.take(raw)) {
      admission().admit(raw, serve);
      return;
    }
    raw.destroy();
    countRefusal?.('connection_limit');
  });
  return serve;
}

/**
 * Node answers what its parser does not take, and knows best whether an answer has begun; it does so only
 * while nobody listens to `clientError`. So that is overheard.
 */
function countUnparsed(server: Server, countRefusal: CountRefusal): void {
  if (countRefusal === undefined) return;
  const emit: (event: string, ...args: unknown[]) => boolean = server.emit.bind(server);
  server.emit = (event: string, ...args: unknown[]): boolean => {
    const reason = event === 'clientError' ? reasonOfClientError(args[0]) : undefined;
    if (reason !== undefined) countRefusal(reason);
    return emit(event, ...args);
  };
}

/** Both events wait for the handlers once, and go straight to them from then on. */
function dispatch(
  server: Server,
  { scheme }: ListenAddress,
  deps: RequestRefusalDeps,
): (handlers: RequestHandlers) => void {
  const { promise, resolve } = Promise.withResolvers<RequestHandlers>();
  const refusal = createRequestRefusal(deps);
  let handlers: RequestHandlers | undefined;
  for (const kind of ['request', 'checkContinue'] as const) {
    server.on(kind, (request, response) => {
      if (!refusal.isRight(request, response)) return;
      if (handlers !== undefined) handlers[kind](request, response);
      else void promise.then((ready) => ready[kind](request, response));
    });
  }
  server.on('checkExpectation', (request, response) => {
    if (refusal.isRight(request, response)) refusal.refuse(request, response, 417);
  });
  if (scheme === 'connect') {
    server.on('connect', (request, socket: Socket, head) => {
      // At once: after its end nothing can be put back.
      if (head.length > 0) socket.unshift(head);
      // Node listens to it no longer, and an error without a listener would end the process.
      socket.on('error', () => undefined);
      void promise.then(({ connect }) => connect?.(request, socket));
    });
  }
  return (ready) => {
    handlers = ready;
    resolve(ready);
  };
}

async function drain(server: Server, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  // The last answer on a connection says that it is the last.
  server.prependListener('request', (_request, response: ServerResponse) => {
    response.shouldKeepAlive = false;
  });
  // Connections that become idle after `close` was called would otherwise be waited for.
  const idle = setInterval(() => server.closeIdleConnections(), IDLE_CHECK_MS);
  const deadline = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearInterval(idle);
  clearTimeout(deadline);
}

export async function startHttpServer(
  address: ListenAddress,
  deps: HttpServerDeps,
): Promise<HttpServer> {
  const server = configure();
  countUnparsed(server, deps.countRefusal);
  const handle = dispatch(server, address, deps);
  let admission: Admission | undefined;
  // The first connection may come before `listening` has been heard of.
  const admissionNow = (): Admission =>
    (admission ??= createAdmission(address, isLocal(server), deps));
  const serve = admitBeforeHttp(server, admissionNow, deps);
  const bound = await listen(server, address);
  let draining: Promise<void> | undefined;
  return {
    address: bound,
    handle,
    secure: (raw, tunnel) => admissionNow().secure(raw, tunnel, serve),
    isDraining: () => draining !== undefined,
    drain: (graceMs) => {
      admission?.close();
      draining ??= drain(server, graceMs);
      return draining;
    },
  };
}
