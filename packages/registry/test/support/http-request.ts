// One HTTP request over a connection of its own, with everything of the answer that a client can see.
import http from 'node:http';

export interface RequestOptions {
  readonly method?: string;
  readonly headers?: http.OutgoingHttpHeaders;
  readonly body?: Uint8Array | string;
  /** Sent one by one with chunked transfer coding. */
  readonly chunks?: Iterable<Uint8Array>;
  readonly agent?: http.Agent;
}

export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  /** All values of each header, as they came. */
  readonly distinct: NodeJS.Dict<string[]>;
  readonly body: Buffer;
}

async function readAnswer(response: http.IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    distinct: response.headersDistinct,
    body: Buffer.concat(chunks),
  };
}

export function sendRequest(
  origin: { readonly port: number },
  path: string,
  options: RequestOptions = {},
): Promise<Answer> {
  const { method = 'GET', headers = {}, body, chunks, agent = false } = options;
  return new Promise((resolve, reject) => {
    const request = http.request({ port: origin.port, path, method, headers, agent });
    request.on('response', (response) => {
      readAnswer(response).then(resolve, reject);
    });
    request.on('error', reject);
    if (chunks !== undefined) for (const chunk of chunks) request.write(chunk);
    if (body !== undefined && chunks === undefined) {
      request.setHeader('Content-Length', Buffer.byteLength(body));
    }
    request.end(body);
  });
}
