// All listeners of a process as one: the same requests on each, drained together. What differs by scheme
// stands in one table.
import type { ListenAddress, ListenScheme } from '../../config/listen-address.ts';
import {
  type HttpServer,
  type HttpServerDeps,
  type RequestHandlers,
  startHttpServer,
} from './http-server.ts';
import { listenFailure } from './listen-failure.ts';
import type { OriginFor } from './redirect-origin.ts';
import { redirectTo } from './redirect.ts';

export interface Listeners {
  /** In the order of the settings, with the ports that were taken. */
  readonly addresses: readonly ListenAddress[];
  /** Requests wait until the apps are there. */
  handle(answering: Answering): void;
  readonly isDraining: () => boolean;
  /** Accepts no more; resolves when the last request is answered, at the latest after the grace. */
  drain(graceMs: number): Promise<void>;
}

/** Puts the proxy before the apps; `secure` leads what was asked for by CONNECT to them. */
export type HandlersBehindConnect = (
  apps: RequestHandlers,
  secure: HttpServer['secure'],
) => RequestHandlers;

export interface Answering {
  readonly apps: RequestHandlers;
  /** For listeners that redirect. */
  readonly originFor: OriginFor;
  /** For listeners of that scheme. */
  readonly connect?: HandlersBehindConnect | undefined;
}

type HandlersOf = (
  answering: Answering & Pick<HttpServerDeps, 'randomId'>,
  server: HttpServer,
) => RequestHandlers;

const HANDLERS: Readonly<Record<ListenScheme, HandlersOf>> = {
  http: ({ apps }) => apps,
  https: ({ apps }) => apps,
  redirect: ({ apps, ...redirecting }) => redirectTo(redirecting, apps),
  connect({ apps, connect }, { secure }) {
    if (connect === undefined) throw new Error('nobody answers CONNECT');
    return connect(apps, secure);
  },
};

async function startOne(address: ListenAddress, deps: HttpServerDeps): Promise<HttpServer> {
  try {
    return await startHttpServer(address, deps);
  } catch (error) {
    throw await listenFailure(address, (error as NodeJS.ErrnoException).code ?? 'unknown');
  }
}

/** All of them or none. @throws CommandFailure */
export async function startListeners(
  listen: readonly ListenAddress[],
  deps: HttpServerDeps,
): Promise<Listeners> {
  const servers: HttpServer[] = [];
  const drain = async (graceMs: number): Promise<void> => {
    await Promise.all(servers.map((server) => server.drain(graceMs)));
  };
  try {
    for (const address of listen) servers.push(await startOne(address, deps));
  } catch (error) {
    await drain(0);
    throw error;
  }
  return {
    addresses: servers.map(({ address }) => address),
    handle(answering) {
      const all = { ...answering, randomId: deps.randomId };
      for (const server of servers) {
        server.handle(HANDLERS[server.address.scheme](all, server));
      }
    },
    isDraining: () => servers.some((server) => server.isDraining()),
    drain,
  };
}
