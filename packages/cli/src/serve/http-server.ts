// One HTTP listener: its limits, where it listens, and how it is drained.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import type { ListenAddress } from '../config/listen-address.ts';

export interface RequestHandlers {
  readonly request: (request: IncomingMessage, response: ServerResponse) => void;
  /** For `Expect: 100-continue`: decides before the body is sent. */
  readonly checkContinue: (request: IncomingMessage, response: ServerResponse) => void;
}

export interface HttpServer {
  /** With the port that was taken for port 0. */
  readonly address: ListenAddress;
  /** Requests wait until the handlers are there. */
  handle(handlers: RequestHandlers): void;
  readonly isDraining: () => boolean;
  /** Accepts no more; resolves when the last request is answered, at the latest after the grace. */
  drain(graceMs: number): Promise<void>;
}

const IDLE_CHECK_MS = 100;
/** Nothing at all on a socket for so long, in the middle of a request, is a peer that is gone. */
const SILENCE_MS = 10 * 60_000;

function configure(maxConnections: number): Server {
  const server = createServer({
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
  server.maxConnections = maxConnections;
  server.timeout = SILENCE_MS;
  return server;
}

async function listen(server: Server, address: ListenAddress): Promise<ListenAddress> {
  const target =
    address.kind === 'unix'
      ? { path: address.path, backlog: 1024 }
      : { host: address.host, port: address.port, backlog: 1024 };
  server.listen(target);
  await once(server, 'listening');
  if (address.kind === 'unix') return address;
  return { ...address, port: (server.address() as AddressInfo).port };
}

/** RFC 9112 §3.2 refuses it. Node takes the first, and a proxy in front may have taken the other. */
function hasTwoHosts({ rawHeaders }: IncomingMessage): boolean {
  let hosts = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? '';
    if (name.length === 4 && name.toLowerCase() === 'host') hosts++;
  }
  return hosts > 1;
}

/** Both events wait for the handlers once, and go straight to them from then on. */
function dispatch(server: Server): (handlers: RequestHandlers) => void {
  const { promise, resolve } = Promise.withResolvers<RequestHandlers>();
  let handlers: RequestHandlers | undefined;
  for (const kind of ['request', 'checkContinue'] as const) {
    server.on(kind, (request, response) => {
      if (hasTwoHosts(request)) response.writeHead(400, { Connection: 'close' }).end();
      else if (handlers !== undefined) handlers[kind](request, response);
      else void promise.then((ready) => ready[kind](request, response));
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
  maxConnections: number,
): Promise<HttpServer> {
  const server = configure(maxConnections);
  const handle = dispatch(server);
  const bound = await listen(server, address);
  let draining: Promise<void> | undefined;
  return {
    address: bound,
    handle,
    isDraining: () => draining !== undefined,
    drain: (graceMs) => {
      draining ??= drain(server, graceMs);
      return draining;
    },
  };
}
