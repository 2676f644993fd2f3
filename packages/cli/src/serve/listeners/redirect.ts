// The `redirect` listener: plain HTTP that sends everybody to `public_url`, whatever name they came by. 308
// keeps method and body, where 301 would turn a push into a GET. What a client needs before it can trust
// our certificate, or an authority before it gives us one, is answered here.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestHandlers } from './http-server.ts';

// Whole paths: `/ca.crt/v2/` is the registry's, and takes tokens.
const ANSWERED_HERE = /^\/(?:ca\.crt(?:\.sha256)?|\.well-known\/acme-challenge\/[\w-]+)(?:\?.*)?$/;

export function redirectTo(publicUrl: string, others: RequestHandlers): RequestHandlers {
  function redirect({ url = '/' }: IncomingMessage, response: ServerResponse): void {
    const path = url.startsWith('/') ? url : '/';
    // Its body, if it has one, is not read.
    response.writeHead(308, { Location: `${publicUrl}${path}`, Connection: 'close' }).end();
  }
  return {
    request(request, response) {
      if (ANSWERED_HERE.test(request.url ?? '')) others.request(request, response);
      else redirect(request, response);
    },
    checkContinue: redirect,
  };
}
