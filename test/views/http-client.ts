// One HTTP request to a server of ours under whatever host name, which `fetch` does not let one set.
import http from 'node:http';
import { buffer } from 'node:stream/consumers';

export interface ClientRequest {
  readonly host: string;
  readonly method?: string;
  readonly target: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface ClientAnswer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

export type Send = (request: ClientRequest) => Promise<ClientAnswer>;

async function readAnswer(response: http.IncomingMessage): Promise<ClientAnswer> {
  const { statusCode: status = 0, headers } = response;
  return { status, headers, body: await buffer(response) };
}

export function createSend(port: number): Send {
  return ({ host, method = 'GET', target, headers = {}, body }) =>
    new Promise((resolve, reject) => {
      // Go's clients offer this on their own, and then want the length all the same.
      const all = { host, 'accept-encoding': 'gzip', ...headers };
      const options = { host: '127.0.0.1', port, method, path: target, headers: all, agent: false };
      const request = http.request(options, (response) => {
        readAnswer(response).then(resolve, reject);
      });
      request.on('error', reject);
      request.end(body);
    });
}
