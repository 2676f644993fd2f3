// The `connect` listeners of a process: what a CONNECT is for is decided by @portolan/connect; here it gets
// the registry's names, the mirror's way out, and the certificates.
import {
  type ConnectFacts,
  type ConnectHandler,
  type ConnectTarget,
  createConnectHandler,
  DEFAULT_TUNNEL_LIMITS,
} from '@portolan/connect';
import type { ServedHosts } from '@portolan/registry';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { TLSSocket } from 'node:tls';
import { createDial } from '@portolan/mirror';
import type { ServeSettings } from '../../config/serve-settings.ts';
import type { CertificateChoice } from '../listeners/certificate-choice.ts';
import type { HttpServer, RequestHandlers } from '../listeners/http-server.ts';
import type { HandlersBehindConnect } from '../listeners/listeners.ts';
import type { Peers } from '../listeners/peer.ts';
import type { HandshakeDeps } from '../listeners/tls-handshake.ts';

export interface ConnectProxyDeps {
  readonly settings: Pick<ServeSettings, 'role' | 'egress' | 'passThrough'>;
  readonly publicUrl: string;
  readonly served: ServedHosts;
  readonly choice: CertificateChoice;
  readonly ticketKeys: HandshakeDeps['ticketKeys'];
  readonly peers: Peers;
  readonly observe: (facts: ConnectFacts) => void;
  readonly randomId: () => string;
}

export interface ConnectProxy {
  readonly handlers: HandlersBehindConnect;
  /** Ends what passes through, at the latest after the grace. */
  drain(graceMs: number): void;
}

/** TLS as that host and no other. */
async function tlsAs(
  host: string,
  { choice, ticketKeys }: Pick<ConnectProxyDeps, 'choice' | 'ticketKeys'>,
): Promise<HandshakeDeps> {
  const context = await choice.of(host);
  return {
    find(serverName) {
      if (serverName === undefined || serverName.toLowerCase() === host) return context;
      throw new Error(`the client was connected to ${host} and asks there for another name`);
    },
    ticketKeys,
  };
}

/** In a tunnel stand the apps, and before it the proxy. */
function joinHandlers(proxy: ConnectHandler, apps: RequestHandlers): RequestHandlers {
  const refuse = (request: IncomingMessage, response: ServerResponse): void =>
    proxy.request(request, response);
  const outside = { request: refuse, checkContinue: refuse };
  const choose = ({ socket }: IncomingMessage): RequestHandlers =>
    socket instanceof TLSSocket ? apps : outside;
  return {
    request: (request, response) => choose(request).request(request, response),
    checkContinue: (request, response) => choose(request).checkContinue(request, response),
    connect: (request, socket) => proxy.connect(request, socket),
  };
}

export function createConnectProxy(deps: ConnectProxyDeps): ConnectProxy {
  const { settings, publicUrl, served, peers, observe, randomId } = deps;
  const proxies: ConnectHandler[] = [];
  const dial = createDial(settings.egress);

  async function placeOf({ host, port }: ConnectTarget): Promise<'here' | 'beside' | undefined> {
    const named = await served.find(host, port);
    if (named === undefined) return undefined;
    // Requests for tokens would come here, too.
    return named === 'own' && settings.role !== 'all' ? 'beside' : 'here';
  }

  function start(secure: HttpServer['secure']): ConnectHandler {
    const proxy = createConnectHandler({
      placeOf,
      async prepare({ host }, request) {
        const tls = await tlsAs(host, deps);
        const peer = peers.of(request);
        return (socket) => secure(socket, { tls, peer });
      },
      passThrough: settings.passThrough,
      dial: ({ host, port }) => dial(host, port),
      observe,
      randomId,
      publicUrl,
      limits: DEFAULT_TUNNEL_LIMITS,
    });
    proxies.push(proxy);
    return proxy;
  }

  return {
    handlers: (apps, secure) => joinHandlers(start(secure), apps),
    drain(graceMs) {
      for (const proxy of proxies) proxy.drain(graceMs);
    },
  };
}
