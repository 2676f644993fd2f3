// How a request is refused that no app sees: with a line of text for whoever reads it, and with an id that
// leads to the log, as every other answer has one.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type CountRefusal, REASON_OF_STATUS } from './refusal.ts';
import { type RefusedStatus, refusalOf } from './request-check.ts';

export interface RefusedRequest {
  readonly requestId: string;
  readonly status: RefusedStatus;
  readonly request: IncomingMessage;
}

export interface RequestRefusalDeps {
  readonly randomId: () => string;
  readonly reportRequest?: (refused: RefusedRequest) => void;
  readonly countRefusal?: CountRefusal;
}

export interface RequestRefusal {
  /** Otherwise it has been answered. */
  isRight(request: IncomingMessage, response: ServerResponse): boolean;
  refuse(request: IncomingMessage, response: ServerResponse, status: RefusedStatus): void;
}

const TEXTS: Readonly<Record<RefusedStatus, string>> = {
  400: 'A request has one Host header, a name or an address, a path that is of that host, and in HTTP/1.0 no Transfer-Encoding.',
  417: 'No Expect is understood here but 100-continue.',
  431: 'These are more headers than a request may have.',
  501: 'No Transfer-Encoding is understood here but chunked.',
};

/** What the connection brings after it is dropped: where the next request begins is a matter of opinion. */
export function createRequestRefusal(deps: RequestRefusalDeps): RequestRefusal {
  const { randomId, reportRequest, countRefusal } = deps;
  const refused = new WeakSet<Socket>();

  function refuse(request: IncomingMessage, response: ServerResponse, status: RefusedStatus): void {
    refused.add(request.socket);
    const requestId = randomId();
    const text = `${TEXTS[status]}\n`;
    response.writeHead(status, {
      'X-Request-Id': requestId,
      'Content-Type': 'text/plain; charset=utf-8',
      'Content-Length': Buffer.byteLength(text),
      Connection: 'close',
    });
    response.end(text);
    countRefusal?.(REASON_OF_STATUS[status]);
    reportRequest?.({ requestId, status, request });
  }

  return {
    isRight(request, response) {
      if (refused.has(request.socket)) return false;
      const status = refusalOf(request);
      if (status === undefined) return true;
      refuse(request, response, status);
      return false;
    },
    refuse,
  };
}
