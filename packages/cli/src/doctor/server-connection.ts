// Requests to the server, each on a connection of its own. One can hold back the end of its body, and see
// whether the answer comes before that: whatever stands between then passes bodies on as they come.
import type { RegistryAddress } from '@portolan/clients';
import { type ClientRequest, type IncomingMessage, request as requestPlain } from 'node:http';
import { request as requestTls } from 'node:https';
import { buffer } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import type { SecureContext } from 'node:tls';
import { bare, tlsFor, trust } from '../clients/registry-connection.ts';

export interface ServerRequest {
  readonly method?: string;
  /** On the server, or a whole URL, which is then looked up by its own name. */
  readonly url: string;
  /** Said in `Host` and in the handshake, while the connection goes to the server. */
  readonly host?: string;
  readonly headers?: Readonly<Record<string, string | number>>;
  readonly body?: Buffer;
}

export interface ServerAnswer {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
  /** Ours, of the connection. */
  readonly localAddress: string | undefined;
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

const MAX_BODY_BYTES = 8 * 1024 * 1024;

function headersOf({ headers }: IncomingMessage): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(headers).map(([name, value = '']) => [
      name,
      typeof value === 'string' ? value : value.join(', '),
    ]),
  );
}

/** What is sent after the answer may well be refused: that is no failure any more. */
async function responseTo(sent: ClientRequest): Promise<IncomingMessage> {
  return await new Promise((resolve, reject) => {
    sent.on('error', reject).once('response', resolve);
  });
}

async function readAnswer(response: IncomingMessage): Promise<ServerAnswer> {
  // Gone once the answer has been read.
  const { localAddress } = response.socket;
  let size = 0;
  response.on('data', ({ length }: Buffer) => {
    size += length;
    if (size > MAX_BODY_BYTES) response.destroy(new Error('the answer is too large'));
  });
  const body = await buffer(response);
  return { status: response.statusCode ?? 0, headers: headersOf(response), body, localAddress };
}

export function createServerConnection(deps: ServerConnectionDeps): ServerConnection {
  const own = new URL(deps.address.origin);
  let trusted: SecureContext | undefined;

  function open({ method = 'GET', url, host, headers }: ServerRequest): ClientRequest {
    const asked = new URL(url, own);
    const named = host === undefined ? asked : new URL(`${asked.protocol}//${host}`);
    const isPlain = asked.protocol === 'http:';
    // Reading a few hundred certificates takes time, once.
    const tls = isPlain ? {} : tlsFor(named.hostname, (trusted ??= trust(deps.ca)));
    const options = {
      method,
      host: bare(asked.hostname),
      port: asked.port === '' ? undefined : Number(asked.port),
      path: asked.pathname + asked.search,
      headers: { ...headers, host: named.host },
      signal: AbortSignal.timeout(deps.timeoutMs),
      agent: false,
      ...tls,
    };
    return isPlain ? requestPlain(options) : requestTls(options);
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
