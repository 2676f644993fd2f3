// Requests to the server, each on a connection of its own. One can hold back the end of its body, and see
// whether the answer comes before that: whatever stands between then passes bodies on as they come.
import type { RegistryAddress } from '@portolan/clients';
import type { ClientRequest } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import {
  openRequest,
  readAnswer,
  responseTo,
  type ServerAnswer,
} from '../connection/named-request.ts';
import { createTrust } from '../connection/server-trust.ts';

export interface ServerRequest {
  readonly method?: string;
  /** On the server, or a whole URL, which is then looked up by its own name. */
  readonly url: string;
  /** Said in `Host` and in the handshake, while the connection goes to the server. */
  readonly host?: string;
  readonly headers?: Readonly<Record<string, string | number>>;
  readonly body?: Buffer;
}

export interface ServerConnection {
  /** @throws the system's error when no answer came */
  send(request: ServerRequest): Promise<ServerAnswer>;
  /** Sends the head and the body, which is not all; undefined when no answer came in the time. */
  sendPart(request: ServerRequest, waitMs: number): Promise<number | undefined>;
}

export interface ServerConnectionDeps {
  readonly address: RegistryAddress;
  readonly ca: string | undefined;
  readonly timeoutMs: number;
}

export function createServerConnection(deps: ServerConnectionDeps): ServerConnection {
  const own = new URL(deps.address.origin);
  const trusted = { trust: createTrust(deps.ca), timeoutMs: deps.timeoutMs };

  function open({ method = 'GET', url, host, headers = {} }: ServerRequest): ClientRequest {
    const to = new URL(url, own);
    const named =
      host === undefined ? to : new URL(to.pathname + to.search, `${to.protocol}//${host}`);
    return openRequest({ method, url: named, to, headers }, trusted);
  }

  return {
    async send(request) {
      const sent = open(request);
      const response = responseTo(sent);
      sent.end(request.body);
      return await readAnswer(await response);
    },
    async sendPart(request, waitMs) {
      const sent = open(request);
      const timer = new AbortController();
      const response = responseTo(sent);
      // Cut off below, whatever has come.
      response.catch(() => undefined);
      sent.flushHeaders();
      if (request.body !== undefined) sent.write(request.body);
      try {
        const first = await Promise.race([
          response,
          delay(waitMs, undefined, { signal: timer.signal }),
        ]);
        return first?.statusCode;
      } finally {
        timer.abort();
        sent.destroy();
      }
    },
  };
}
