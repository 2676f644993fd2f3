// Requests to a proxy under whatever name, over the unix sockets that lead to its ports.
import http from 'node:http';
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import tls from 'node:tls';
import {
  type Answer,
  type RegistryClient,
  registryClientOver,
} from '../support/registry-client.ts';

export interface ProxiedRequest {
  readonly scheme?: 'http' | 'https';
  readonly host: string;
  /** The name in the TLS handshake, where it is not `host`. */
  readonly serverName?: string;
  readonly method?: string;
  readonly path: string;
  readonly headers?: http.OutgoingHttpHeaders;
  readonly body?: Buffer | ReadableStream<Uint8Array>;
}

export interface ProxiedClient {
  send(request: ProxiedRequest): Promise<Answer>;
  /** A TLS connection of the test's own. */
  openTls(serverName: string, protocol: 'h2' | 'http/1.1'): Promise<tls.TLSSocket>;
  /** As one client of the registry, with a token. */
  registry(host: string, token: string): RegistryClient;
}

export interface ProxiedClientDeps {
  readonly httpSocket: string;
  readonly httpsSocket: string;
  /** A certificate in PEM. */
  readonly ca: Buffer;
}

async function readAnswer(response: http.IncomingMessage): Promise<Answer> {
  const headers = new Headers();
  for (const [name, values] of Object.entries(response.headersDistinct)) {
    for (const value of values ?? []) headers.append(name, value);
  }
  return { status: response.statusCode ?? 0, headers, bytes: await buffer(response) };
}

export function createProxiedClient(deps: ProxiedClientDeps): ProxiedClient {
  const startTls = (servername: string, protocol: string): tls.TLSSocket =>
    tls.connect({
      socket: connect(deps.httpsSocket),
      servername,
      ca: deps.ca,
      ALPNProtocols: [protocol],
    });

  function send(request: ProxiedRequest): Promise<Answer> {
    const { scheme = 'https', host, method = 'GET', path, headers, body } = request;
    const dial = () =>
      scheme === 'http'
        ? connect(deps.httpSocket)
        : startTls(request.serverName ?? host, 'http/1.1');
    return new Promise((resolve, reject) => {
      const options = { method, path, headers: { host, ...headers }, createConnection: dial };
      const outgoing = http.request(options, (response) => {
        readAnswer(response).then(resolve, reject);
      });
      outgoing.on('error', reject);
      if (body instanceof ReadableStream) Readable.from(body).pipe(outgoing);
      else outgoing.end(body);
    });
  }

  return {
    send,
    openTls: (serverName, protocol) =>
      new Promise((resolve, reject) => {
        const socket = startTls(serverName, protocol);
        socket.once('error', reject).once('secureConnect', () => resolve(socket));
      }),
    registry: (host, token) =>
      registryClientOver((method, path, { headers, body } = {}) => {
        const all = { authorization: `Bearer ${token}`, ...headers };
        return send({ host, method, path, headers: all, ...(body === undefined ? {} : { body }) });
      }),
  };
}
