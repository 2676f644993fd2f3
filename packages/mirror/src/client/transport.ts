// One HTTP exchange with one address, through the egress guard and, where there is one, the proxy.
// Nothing of registries is known here: no credentials, no redirects, no retries.
import { X509Certificate } from 'node:crypto';
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import { Agent, buildConnector, type Dispatcher, Pool, ProxyAgent, request } from 'undici';
import { mirrorError } from '../errors.ts';
import { type Answer, type AnswerDeps, makeAnswer } from './answer.ts';
import type { EgressGuard } from './egress-guard.ts';
import { networkError, proxyError } from './network-error.ts';
import type { UpstreamSettings } from './upstream-settings.ts';

export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface Exchange {
  readonly method: Method;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string | AsyncIterable<Uint8Array>;
  readonly signal: AbortSignal;
}

export interface Transport {
  /** @throws MirrorError `egress-refused`, `upstream-unavailable`, `upstream-untrusted`, `upstream-unexpected` */
  exchange(exchange: Exchange): Promise<Answer>;
  close(): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 10_000;
const CONNECTIONS_PER_HOST = 32;

type Connector = ReturnType<typeof buildConnector>;

/** Made once: reading a few hundred certificates for every connection is slow. */
function trust(settings: UpstreamSettings): SecureContext {
  const system = [...getCACertificates('default'), ...getCACertificates('system')];
  const own = settings.ca === undefined ? [] : [settings.ca];
  try {
    // What is no certificate would be passed over by the context.
    const certificates = own.map((pem) => new X509Certificate(pem).toString());
    return createSecureContext({ ca: [...new Set([...system, ...certificates, ...own])] });
  } catch (cause) {
    const detail = { host: settings.host, hint: 'give certificates as PEM' };
    throw mirrorError('request-invalid', 'the CA of an upstream cannot be read', detail, cause);
  }
}

function guarded(connect: Connector, guard: EgressGuard): Connector {
  return (options, callback) => {
    try {
      guard.checkHost(options.hostname);
    } catch (error) {
      callback(error instanceof Error ? error : new Error('refused', { cause: error }), null);
      return;
    }
    connect(options, callback);
  };
}

/** Of all that can fail on the way, this is what the proxy's operator has to look at. */
function toProxy(connect: Connector, proxy: URL): Connector {
  return (options, callback) => {
    connect(options, (...[error, socket]) => {
      if (error === null) callback(null, socket);
      else callback(proxyError(error, proxy), null);
    });
  };
}

function proxyUrl(text: string): URL {
  const url = URL.parse(text);
  if (url !== null && (url.protocol === 'http:' || url.protocol === 'https:')) return url;
  throw mirrorError('request-invalid', 'proxy is not an http or https URL', {
    hint: 'use a URL such as http://proxy.lan:3128',
  });
}

function createDispatcher(settings: UpstreamSettings, guard: EgressGuard): Dispatcher {
  const tls = {
    secureContext: trust(settings),
    rejectUnauthorized: settings.verifiesTls,
    timeout: CONNECT_TIMEOUT_MS,
    allowH2: false,
  };
  // The types of undici name net's narrower lookup; what is called is the same.
  const lookup = guard.lookup as never;
  const connect = guarded(buildConnector({ ...tls, lookup }), guard);
  if (settings.proxy === undefined) {
    return new Agent({ connect, connections: CONNECTIONS_PER_HOST });
  }
  const proxy = proxyUrl(settings.proxy);
  return new ProxyAgent({
    uri: proxy.href,
    // One way for http and https, so that our connector is the only one that opens sockets.
    proxyTunnel: true,
    requestTls: tls,
    clientFactory: (origin) => new Pool(origin, { connect: toProxy(connect, proxy) }),
  });
}

export function createTransport(
  settings: UpstreamSettings,
  guard: EgressGuard,
  { limits, scrub }: AnswerDeps,
): Transport {
  const dispatcher = createDispatcher(settings, guard);
  return {
    async exchange({ method, url, headers, body, signal }) {
      signal.throwIfAborted();
      // Behind a proxy no connection of ours goes there; an address in a URL is still checked.
      guard.checkHost(url.hostname);
      const hasBody = body !== undefined;
      try {
        const raw = await request(url, {
          dispatcher,
          method,
          headers: { 'user-agent': 'portolan', 'accept-encoding': 'identity', ...headers },
          ...(hasBody ? { body: body as Uint8Array } : {}),
          signal,
          // Else undici closes the connection after each HEAD, and most of a sync are HEADs.
          reset: false,
          headersTimeout: method === 'PUT' ? limits.commitTimeoutMs : limits.answerTimeoutMs,
          bodyTimeout: limits.progressWindowMs,
        });
        return makeAnswer(url, raw, { limits, scrub }, signal);
      } catch (error) {
        throw networkError(error, url, signal);
      }
    },
    close: () => dispatcher.destroy(),
  };
}
