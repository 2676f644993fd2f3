// A reverse proxy that makes one mistake at a time.
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';

export type Mistake =
  | 'none'
  | 'buffers requests'
  | 'limits bodies to 1 MiB'
  | 'sets Host'
  | 'rewrites Location'
  | 'compresses'
  | 'drops Content-Length of HEAD'
  | 'drops Range'
  | 'refuses DELETE'
  | 'takes /token for itself';

export interface CrookedProxy {
  readonly port: number;
  mistake: Mistake;
  /** Where it sends requests to. */
  target: string;
  close(): void;
}

const MIB = 1024 * 1024;

function refusal(
  { mistake }: CrookedProxy,
  { method, url, headers }: IncomingMessage,
): number | undefined {
  const length = Number(headers['content-length'] ?? 0);
  if (mistake === 'limits bodies to 1 MiB' && length > MIB) return 413;
  if (mistake === 'refuses DELETE' && method === 'DELETE') return 405;
  if (mistake === 'takes /token for itself' && url?.startsWith('/token') === true) return 404;
  return undefined;
}

function requestHeaders({ mistake, target }: CrookedProxy, incoming: IncomingMessage) {
  const headers = { ...incoming.headers };
  if (mistake === 'sets Host') headers.host = new URL(target).host;
  if (mistake === 'drops Range') delete headers.range;
  return headers;
}

interface Asked {
  readonly response: ServerResponse;
  readonly method: string | undefined;
  readonly acceptsGzip: boolean;
}

async function sendBack(
  { mistake, port }: CrookedProxy,
  answer: IncomingMessage,
  { response, method, acceptsGzip }: Asked,
): Promise<void> {
  const headers = { ...answer.headers };
  const { location } = headers;
  if (mistake === 'rewrites Location' && location !== undefined) {
    headers.location = `https://backend.internal:${port}${location}`;
  }
  if (mistake === 'drops Content-Length of HEAD' && method === 'HEAD')
    delete headers['content-length'];
  if (mistake !== 'compresses' || method === 'HEAD' || !acceptsGzip) {
    response.writeHead(answer.statusCode ?? 502, headers);
    answer.pipe(response);
    return;
  }
  delete headers['content-length'];
  const body = gzipSync(await buffer(answer));
  response.writeHead(answer.statusCode ?? 502, { ...headers, 'content-encoding': 'gzip' });
  response.end(body);
}

export async function startCrookedProxy(): Promise<CrookedProxy> {
  const proxy = { port: 0, mistake: 'none' as Mistake, target: '', close: () => server.close() };

  async function pass(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, url } = incoming;
    const status = refusal(proxy, incoming);
    if (status !== undefined) {
      response.writeHead(status, { connection: 'close' }).end();
      return;
    }
    const body = proxy.mistake === 'buffers requests' ? await buffer(incoming) : undefined;
    const outgoing = request(`${proxy.target}${url}`, {
      method,
      headers: requestHeaders(proxy, incoming),
      setHost: false,
      agent: false,
    });
    outgoing.on('error', () => response.destroy());
    const acceptsGzip = incoming.headers['accept-encoding'] === 'gzip';
    outgoing.once('response', (answer) => {
      void sendBack(proxy, answer, { response, method, acceptsGzip });
    });
    if (body === undefined) incoming.pipe(outgoing);
    else outgoing.end(body);
  }

  const server = createServer((incoming, response) => {
    pass(incoming, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  proxy.port = (server.address() as AddressInfo).port;
  return proxy;
}

/** For a test that needs a port in its settings before anything listens there. */
export async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
