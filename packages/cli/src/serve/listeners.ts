// All listeners of a process as one: the same requests on each, drained together. What differs by scheme
// stands in one table.
import type { ListenAddress, ListenScheme } from '../config/listen-address.ts';
import {
  type HttpServer,
  type HttpServerDeps,
  type RequestHandlers,
  startHttpServer,
} from './http-server.ts';
import { listenFailure } from './listen-failure.ts';
import { redirectTo } from './redirect.ts';

export interface Listeners {
  /** In the order of the settings, with the ports that were taken. */
  readonly addresses: readonly ListenAddress[];
  /** Requests wait until the apps are there. */
  handle(apps: RequestHandlers, publicUrl: string): void;
  readonly isDraining: () => boolean;
  /** Accepts no more; resolves when the last request is answered, at the latest after the grace. */
  drain(graceMs: number): Promise<void>;
}

type HandlersOf = (apps: RequestHandlers, publicUrl: string) => RequestHandlers;

const HANDLERS: Readonly<Record<ListenScheme, HandlersOf>> = {
  http: (apps) => apps,
  https: (apps) => apps,
  redirect: (apps, publicUrl) => redirectTo(publicUrl, apps),
};

async function startOne(address: ListenAddress, deps: HttpServerDeps): Promise<HttpServer> {
  try {
    return await startHttpServer(address, deps);
  } catch (error) {
    throw listenFailure(address, (error as NodeJS.ErrnoException).code ?? 'unknown');
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
    handle(apps, publicUrl) {
      for (const server of servers) {
        server.handle(HANDLERS[server.address.scheme](apps, publicUrl));
      }
    },
    isDraining: () => servers.some((server) => server.isDraining()),
    drain,
  };
}
