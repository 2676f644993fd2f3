// One request under whatever name, on a connection of its own: it goes to one address, while the name is told
// in `Host` and in the TLS handshake. So it shows what a server and its certificate answer to a name, whatever
// DNS says of it.
import {
  type ClientRequest,
  type IncomingMessage,
  request as requestPlain,
  type RequestOptions,
} from 'node:http';
import { request as requestTls } from 'node:https';
import type { Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { bareHost, type FindTrust, tlsFor } from './server-trust.ts';

export interface NamedRequest {
  readonly method: string;
  /** What is asked for, and under which name. */
  readonly url: URL;
  /** Where the connection goes; or one that leads there, such as a proxy's tunnel. */
  readonly to: URL | Socket;
  readonly headers: Readonly<Record<string, string | number>>;
}

export interface NamedRequestDeps {
  readonly trust: FindTrust;
  readonly timeoutMs: number;
}

export interface ServerAnswer {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
  /** Ours, of the connection. */
  readonly localAddress: string | undefined;
}

const MAX_BODY_BYTES = 8 * 1024 * 1024;

function placeOf(to: NamedRequest['to']): RequestOptions & { socket?: Socket } {
  if (!(to instanceof URL)) return { socket: to };
  return { host: bareHost(to), port: to.port === '' ? undefined : Number(to.port) };
}

/** What is to be sent is up to the caller. */
export function openRequest(
  { method, url, to, headers }: NamedRequest,
  { trust, timeoutMs }: NamedRequestDeps,
): ClientRequest {
  const isPlain = url.protocol === 'http:';
  const options = {
    method,
    ...placeOf(to),
    path: url.pathname + url.search,
    headers: { ...headers, host: url.host },
    signal: AbortSignal.timeout(timeoutMs),
    // Names must not share a connection.
    agent: false,
    ...(isPlain ? {} : tlsFor(bareHost(url), trust())),
  };
  return isPlain ? requestPlain(options) : requestTls(options);
}

/**
 * What is sent after the answer may well be refused: that is no failure any more.
 * @throws the system's error when no answer came
 */
export async function responseTo(sent: ClientRequest): Promise<IncomingMessage> {
  return await new Promise((resolve, reject) => {
    sent.on('error', reject).once('response', resolve);
  });
}

function headersOf({ headers }: IncomingMessage): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(headers).map(([name, value = '']) => [
      name,
      typeof value === 'string' ? value : value.join(', '),
    ]),
  );
}

export async function readAnswer(response: IncomingMessage): Promise<ServerAnswer> {
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
