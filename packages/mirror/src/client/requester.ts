// A request to the registry with all that belongs to it: the rate limit, credentials, redirects and
// retries. What the answer's status means is decided by whoever asked.
import type { Clock } from '@portolan/storage';
import { mirrorError } from '../errors.ts';
import type { Answer } from './answer.ts';
import type { Authorization } from './authorization.ts';
import type { Endpoint } from './endpoint.ts';
import type { ClientLimits } from './limits.ts';
import { type Quota, readQuota } from './quota.ts';
import type { RateLimit } from './rate-limit.ts';
import { followRedirects } from './redirects.ts';
import { refusal } from './refusal.ts';
import type { Retrying } from './retry.ts';
import type { Exchange, Method, Transport } from './transport.ts';

export interface UpstreamRequest {
  readonly method: Method;
  /** Below the endpoint (`/v2/…`), or whole where an answer named it. */
  readonly url: string | URL;
  /** Of the token; the repository's own first. */
  readonly scopes: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Exchange['body'];
  readonly signal: AbortSignal;
  /** For messages: `manifest`, `blob` … */
  readonly what: string;
}

export interface Requester {
  readonly limits: ClientLimits;
  readonly rate: RateLimit;
  readonly retrying: Retrying;
  base(signal: AbortSignal): Promise<URL>;
  /**
   * One attempt. Statuses in `accepted` come back, all others are thrown.
   * @throws MirrorError
   */
  attempt(request: UpstreamRequest, accepted: readonly number[]): Promise<Answer>;
  /**
   * Repeats until `read` is through with the answer, so that a body that was cut off is asked for
   * again; only for requests that may be repeated.
   */
  ask<T>(
    request: UpstreamRequest,
    accepted: readonly number[],
    read: (answer: Answer) => T | Promise<T>,
  ): Promise<T>;
  quota(): Quota | undefined;
}

export interface RequesterDeps {
  readonly transport: Transport;
  readonly authorization: Authorization;
  readonly endpoint: Endpoint;
  readonly rate: RateLimit;
  readonly retrying: Retrying;
  readonly clock: Clock;
  readonly limits: ClientLimits;
  readonly onQuota: (quota: Quota) => void;
}

type Send = (authorization: string | undefined) => Promise<Answer>;

export function createRequester(deps: RequesterDeps): Requester {
  const { transport, authorization, endpoint, rate, limits } = deps;
  let quota: Quota | undefined;

  const noteQuota = (answer: Answer): void => {
    const said = readQuota(answer);
    if (said === undefined) return;
    quota = said;
    deps.onQuota(said);
  };

  const sender = (request: UpstreamRequest, url: URL, base: URL): Send => {
    const { method, headers = {}, signal, body } = request;
    if (method === 'GET' || method === 'HEAD') {
      const followed = { method, url, headers, signal, base };
      return (value) =>
        followRedirects({ ...followed, authorization: value }, transport, limits.maxRedirects);
    }
    return (value) =>
      transport.exchange({
        method,
        url,
        headers: value === undefined ? headers : { ...headers, authorization: value },
        ...(body === undefined ? {} : { body }),
        signal,
      });
  };

  /** Sends; after a 401, once more with what its challenge asks for. */
  async function authorized(request: UpstreamRequest, url: URL, base: URL): Promise<Answer> {
    const { scopes, signal, body } = request;
    const send = sender(request, url, base);
    // A place that the operator allows is still not the one that the credentials are for.
    if (url.origin !== base.origin) return send(undefined);
    const sent = await authorization.header(scopes, signal);
    const answer = await send(sent);
    if (answer.status !== 401 || answer.url.origin !== base.origin) return answer;
    const challenge = answer.header('www-authenticate') ?? '';
    answer.discard();
    authorization.learn({ challenge, scopes, sent, base });
    if (body !== undefined && typeof body !== 'string' && !ArrayBuffer.isView(body)) {
      // The stream is spent; whoever opened it opens another one.
      throw mirrorError('upstream-unavailable', `${base.host} wants a new token in between`, {
        host: base.host,
      });
    }
    await rate.request(signal);
    return send(await authorization.header(scopes, signal));
  }

  async function attempt(request: UpstreamRequest, accepted: readonly number[]): Promise<Answer> {
    const base = await endpoint.base(request.signal);
    const url = typeof request.url === 'string' ? endpoint.resolve(base, request.url) : request.url;
    await rate.request(request.signal);
    const answer = await authorized(request, url, base);
    noteQuota(answer);
    if (accepted.includes(answer.status)) return answer;
    const error = await refusal(answer, deps, request.what);
    const { retryAt } = error.detail;
    const isShort = typeof retryAt === 'number' && retryAt - deps.clock() <= limits.maxRetryAfterMs;
    if (error.code === 'upstream-limited' && isShort) rate.holdUntil(retryAt);
    throw error;
  }

  return {
    limits,
    rate,
    retrying: deps.retrying,
    base: (signal) => endpoint.base(signal),
    attempt,
    ask: (request, accepted, read) =>
      deps.retrying(async () => read(await attempt(request, accepted)), request.signal),
    quota: () => quota,
  };
}
