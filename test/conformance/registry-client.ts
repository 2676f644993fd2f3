// A bare HTTP client of one registry: it sends what a case says and keeps all of the answer. It
// follows nothing and repairs nothing, so that a case sees what is on the wire.
import { requestToken, type TokenUser } from '../support/request-token.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
  /** The `Location`, made absolute against the request; throws when there is none. */
  location(): string;
  json(): unknown;
}

export interface RequestOptions {
  /** On top of the query that is in the path or Location already; repeated for lists. */
  readonly query?: Readonly<Record<string, string | readonly string[]>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  /** Sends the body with chunked transfer coding and no Content-Length. */
  readonly isStreamed?: boolean;
}

/** Requests with one token, or with none. */
export interface Session {
  readonly request: (method: string, target: string, options?: RequestOptions) => Promise<Answer>;
}

function targetUrl(base: string, target: string, query: RequestOptions['query']): URL {
  const url = new URL(target, base);
  for (const [key, value] of Object.entries(query ?? {})) {
    for (const one of typeof value === 'string' ? [value] : value) {
      url.searchParams.append(key, one);
    }
  }
  return url;
}

async function* inPieces(body: Buffer): AsyncGenerator<Buffer> {
  const middle = Math.floor(body.length / 2);
  yield body.subarray(0, middle);
  yield body.subarray(middle);
}

function bodyOptions(options: RequestOptions): RequestInit {
  if (options.body === undefined) return {};
  if (options.isStreamed !== true) return { body: new Uint8Array(options.body) };
  return { body: ReadableStream.from(inPieces(options.body)), duplex: 'half' };
}

async function readAnswer(url: URL, response: Response): Promise<Answer> {
  const body = Buffer.from(await response.arrayBuffer());
  return {
    status: response.status,
    headers: response.headers,
    body,
    location() {
      const location = response.headers.get('location');
      if (location === null)
        throw new Error(`no Location in the ${response.status} of ${url.href}`);
      return new URL(location, url).href;
    },
    json: () => JSON.parse(body.toString()) as unknown,
  };
}

export function createSession(base: string, token: string | undefined): Session {
  return {
    async request(method, target, options = {}) {
      const url = targetUrl(base, target, options.query);
      const headers = new Headers(options.headers);
      if (token !== undefined) headers.set('Authorization', `Bearer ${token}`);
      const init: RequestInit = { method, headers, redirect: 'manual', ...bodyOptions(options) };
      return readAnswer(url, await fetch(url, init));
    },
  };
}

/** A session whose token has exactly the scopes asked for. */
export async function openSession(
  base: string,
  scopes: readonly string[],
  user: TokenUser,
): Promise<Session> {
  return createSession(base, await requestToken(base, scopes, user));
}
