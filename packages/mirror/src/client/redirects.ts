// Following redirects of GET and HEAD: blobs lie on other hosts often. Every hop passes the egress
// guard again; credentials stay with the registry itself; no hop goes from https to http.
import { mirrorError } from '../errors.ts';
import type { Answer } from './answer.ts';
import { isSecureEnough } from './known-hosts.ts';
import type { Exchange, Transport } from './transport.ts';

export interface FollowedExchange extends Omit<Exchange, 'method'> {
  readonly method: 'GET' | 'HEAD';
  /** Sent to this origin, and nowhere else. */
  readonly base: URL;
  readonly authorization: string | undefined;
}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

function isRedirect(status: number): boolean {
  return REDIRECTS.has(status);
}

function nextUrl(answer: Answer, base: URL): URL {
  const location = answer.header('location');
  const url = location === undefined ? null : URL.parse(location, answer.url);
  const host = base.host;
  if (url === null) {
    throw mirrorError('upstream-unexpected', `${host} redirects to nowhere`, { host });
  }
  if (isSecureEnough(url, answer.url) && url.username === '' && url.password === '') return url;
  const place = answer.scrub(`${url.protocol}//${url.host}`);
  throw mirrorError('egress-refused', `${host} redirects to ${place}`, {
    host,
    hint: 'only https is followed, and without credentials in the URL',
  });
}

export async function followRedirects(
  request: FollowedExchange,
  transport: Transport,
  maxRedirects: number,
): Promise<Answer> {
  const { base, authorization, headers } = request;
  const seen = new Set<string>();
  let url = request.url;
  for (;;) {
    const isOwn = url.origin === base.origin && authorization !== undefined;
    const answer = await transport.exchange({
      method: request.method,
      url,
      headers: isOwn ? { ...headers, authorization } : headers,
      signal: request.signal,
    });
    if (!isRedirect(answer.status)) return answer;
    answer.discard();
    seen.add(url.href);
    url = nextUrl(answer, base);
    if (seen.has(url.href) || seen.size > maxRedirects) {
      throw mirrorError('upstream-unexpected', `${base.host} redirects in a loop`, {
        host: base.host,
        maxRedirects,
      });
    }
  }
}
