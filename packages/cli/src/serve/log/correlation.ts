// What leads from a line of our log to the logs of others: the client's trace, and the id that a proxy in
// front of us gave the request. Both are somebody else's text, so only well-formed ones are taken, and the
// proxy's only from a proxy that we trust; neither ever replaces our own id.
import type { Correlate } from '@portolan/registry';
import type { ReadClient } from '../listeners/request-client.ts';

/** W3C Trace Context: version, trace, parent, flags; later versions may add more. */
const TRACE_PARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?$/;
const ZEROS = /^0+$/;
const PROXY_ID = /^[\x21-\x7e]{1,128}$/;

export function traceIdOf(header: string | undefined): string | undefined {
  const [, version, trace = '', parent = '', more] = TRACE_PARENT.exec(header ?? '') ?? [];
  if (version === undefined || version === 'ff') return undefined;
  if (version === '00' && more !== undefined) return undefined;
  return ZEROS.test(trace) || ZEROS.test(parent) ? undefined : trace;
}

function proxyRequestIdOf(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' && PROXY_ID.test(header) ? header : undefined;
}

export function createCorrelate(readClient: ReadClient): Correlate {
  return (request) => {
    const { traceparent, 'x-request-id': given } = request.headers;
    if (traceparent === undefined && given === undefined) return undefined;
    const traceId = traceIdOf(traceparent?.toString());
    const proxyRequestId = proxyRequestIdOf(given);
    const isTold = proxyRequestId !== undefined && readClient(request).isForwarded;
    return {
      ...(traceId === undefined ? {} : { traceId }),
      ...(isTold ? { proxyRequestId } : {}),
    };
  };
}
