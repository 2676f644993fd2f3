// The `redirect` listener: plain HTTP that sends everybody to where the registry is served by TLS. 308 keeps
// method and body, where 301 would turn a push into a GET. What a client needs before it can trust our
// certificate, or an authority before it gives us one, is answered here.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestHandlers } from './http-server.ts';
import type { OriginFor } from './redirect-origin.ts';

export interface RedirectDeps {
  readonly originFor: OriginFor;
  readonly randomId: () => string;
}

// Whole paths: `/ca.crt/v2/` is the registry's, and takes tokens.
const ANSWERED_HERE = /^\/(?:ca\.crt(?:\.sha256)?|\.well-known\/acme-challenge\/[\w-]+)(?:\?.*)?$/;

export function redirectTo(
  { originFor, randomId }: RedirectDeps,
  others: RequestHandlers,
): RequestHandlers {
  async function redirect(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { url = '/', headers } = request;
    const path = url.startsWith('/') ? url : '/';
    const origin = await originFor(headers.host);
    // Its body, if it has one, is not read.
    response.writeHead(308, {
      Location: `${origin}${path}`,
      'X-Request-Id': randomId(),
      Connection: 'close',
    });
    response.end();
  }
  return {
    request(request, response) {
      if (ANSWERED_HERE.test(request.url ?? '')) others.request(request, response);
      else void redirect(request, response);
    },
    checkContinue: (request, response) => void redirect(request, response),
  };
}
