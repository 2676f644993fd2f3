// Where the registry is. With verification off and no scheme given, https is tried first and plain
// HTTP where nobody speaks TLS; with verification on, nothing is ever sent in the clear unasked.
import type { Answer } from './answer.ts';
import { endpointOf } from './known-hosts.ts';
import { isWithoutTls } from './network-error.ts';
import type { Retrying } from './retry.ts';
import type { Transport } from './transport.ts';
import type { UpstreamSettings } from './upstream-settings.ts';

export interface Endpoint {
  base(signal: AbortSignal): Promise<URL>;
  /** `/v2/…` below the endpoint's own path, if it has one. */
  resolve(base: URL, path: string): URL;
}

export interface EndpointDeps {
  readonly settings: UpstreamSettings;
  readonly transport: Transport;
  readonly retrying: Retrying;
}

export function createEndpoint({ settings, transport, retrying }: EndpointDeps): Endpoint {
  const configured = endpointOf(settings);
  const mayBePlain = !settings.verifiesTls && !(settings.endpoint ?? '').includes('://');
  let found: URL | undefined = mayBePlain ? undefined : configured;

  const probe = (base: URL, signal: AbortSignal): Promise<Answer> =>
    transport.exchange({ method: 'GET', url: new URL('/v2/', base), headers: {}, signal });

  async function find(signal: AbortSignal): Promise<URL> {
    try {
      (await probe(configured, signal)).discard();
      return configured;
    } catch (error) {
      if (!isWithoutTls(error)) throw error;
      const plain = new URL(configured.href.replace(/^https:/, 'http:'));
      (await probe(plain, signal)).discard();
      return plain;
    }
  }

  return {
    async base(signal) {
      found ??= await retrying(() => find(signal), signal);
      return found;
    },
    resolve: (base, path) => new URL(base.pathname.replace(/\/+$/, '') + path, base),
  };
}
