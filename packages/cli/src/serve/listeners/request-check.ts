// What a request must be before any app sees it (RFC 9112 §3.2 and §6.1, reference S20). Node's parser refuses
// odd framings; what it lets through and a proxy in front may read otherwise is refused here.
import type { IncomingMessage } from 'node:http';

const MAX_HEADERS = 100;
/** A name or address and a port; no user, no path, nothing encoded: no name of ours has such. */
const HOST = /^(?:\[[\da-f:.]{2,45}\]|[\w.-]{1,253})(?::\d{1,5})?$/i;
const ABSOLUTE = /^https?:\/\/([^/?#]*)(.*)$/i;

/** Node takes the first of two, and a proxy in front may have taken the other. */
function hostsOf({ rawHeaders }: IncomingMessage): string[] {
  const hosts: string[] = [];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? '';
    if (name.length === 4 && name.toLowerCase() === 'host') hosts.push(rawHeaders[i + 1] ?? '');
  }
  return hosts;
}

/** `GET http://registry.lan/v2/`, as clients of a proxy write it, becomes `GET /v2/`. */
function toOriginForm(request: IncomingMessage, host: string): boolean {
  const { url = '' } = request;
  if (url.startsWith('/')) return true;
  const [, authority, path = ''] = ABSOLUTE.exec(url) ?? [];
  if (authority === undefined) return url === '*' && request.method === 'OPTIONS';
  request.url = path.startsWith('/') ? path : `/${path}`;
  return authority.toLowerCase() === host.toLowerCase();
}

/** One of HTTP/1.0 on the way passes it on unread, and sees the end elsewhere (RFC 9112 §6.1). */
function isFramingFaulty({ headers, httpVersion }: IncomingMessage): boolean {
  return httpVersion !== '1.1' && headers['transfer-encoding'] !== undefined;
}

/** Where a body ends is known for `chunked` alone; another coding before it would have to be undone. */
function isCodingKnown({ headers }: IncomingMessage): boolean {
  const coding = headers['transfer-encoding'];
  return coding === undefined || coding.toLowerCase() === 'chunked';
}

export type RefusedStatus = 400 | 417 | 431 | 501;

/** The status of a refusal, or undefined for a request that is right. */
export function refusalOf(request: IncomingMessage): RefusedStatus | undefined {
  if (request.rawHeaders.length > 2 * MAX_HEADERS) return 431;
  const hosts = hostsOf(request);
  const [host = ''] = hosts;
  if (hosts.length > 1) return 400;
  if (hosts.length === 0) {
    // HTTP/1.0 need not say it.
    if (request.httpVersion !== '1.0') return 400;
  } else if (!HOST.test(host)) return 400;
  if (isFramingFaulty(request)) return 400;
  if (!isCodingKnown(request)) return 501;
  return toOriginForm(request, host) ? undefined : 400;
}
