// One request to our registry under whatever name an engine would use for it: the connection goes to the
// registry's own address, the name is told in `Host` and in the TLS handshake. So it shows what the server
// and its certificate answer to a name, whatever DNS says of it.
import type { PlannedRequest, RegistryAddress } from '@portolan/clients';
import { request as requestPlain } from 'node:http';
import { request as requestTls, type RequestOptions } from 'node:https';
import { isIP } from 'node:net';
import { buffer } from 'node:stream/consumers';
import {
  checkServerIdentity,
  createSecureContext,
  getCACertificates,
  type SecureContext,
} from 'node:tls';

export interface RegistryAnswer {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

/** To the registry's address, or to that of the URL itself. @throws Error when no answer came */
export type SendRequest = (
  request: PlannedRequest,
  to?: 'registry' | 'named host',
) => Promise<RegistryAnswer>;

const TIMEOUT_MS = 15_000;
const MAX_BODY_BYTES = 8 * 1024 * 1024;

export interface ConnectionDeps {
  readonly registry: RegistryAddress;
  /** PEM, trusted beside the system's. */
  readonly ca: string | undefined;
}

/** The system's authorities, and one more. */
export function trust(ca: string | undefined): SecureContext {
  const system = [...getCACertificates('default'), ...getCACertificates('system')];
  return createSecureContext({ ca: [...new Set(system), ...(ca === undefined ? [] : [ca])] });
}

/** Brackets are URL's, not the system's. */
export function bare(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '');
}

function flatHeaders(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(headers).map(([name, value = '']) => [
      name,
      typeof value === 'string' ? value : value.join(', '),
    ]),
  );
}

/** The certificate must be for the name that is asked for, wherever the connection goes. */
export function tlsFor(
  hostname: string,
  secureContext: SecureContext,
): RequestOptions & { secureContext: SecureContext } {
  const name = bare(hostname);
  return {
    secureContext,
    // An address is not told in the handshake (RFC 6066 §3).
    servername: isIP(name) === 0 ? name : '',
    checkServerIdentity: (_, certificate) => checkServerIdentity(name, certificate),
  };
}

async function exchange(options: RequestOptions, isPlain: boolean): Promise<RegistryAnswer> {
  const sent = (isPlain ? requestPlain : requestTls)(options);
  sent.end();
  return await new Promise((resolve, reject) => {
    sent.once('error', reject);
    sent.once('response', (response) => {
      let size = 0;
      response.on('data', ({ length }: Buffer) => {
        size += length;
        if (size > MAX_BODY_BYTES) response.destroy(new Error('the answer is too large'));
      });
      buffer(response).then(
        (body) =>
          resolve({
            status: response.statusCode ?? 0,
            headers: flatHeaders(response.headers),
            body,
          }),
        reject,
      );
    });
  });
}

export function createRegistryConnection({ registry, ca }: ConnectionDeps): SendRequest {
  const own = new URL(registry.origin);
  let trusted: SecureContext | undefined;
  return async ({ method, url, headers }, to = 'registry') => {
    const asked = new URL(url);
    const isPlain = asked.protocol === 'http:';
    const { hostname, port } = to === 'registry' ? own : asked;
    // Reading a few hundred certificates takes time, once.
    const tls = isPlain ? {} : tlsFor(asked.hostname, (trusted ??= trust(ca)));
    return await exchange(
      {
        method,
        host: bare(hostname),
        port: port === '' ? undefined : Number(port),
        path: asked.pathname + asked.search,
        headers: { ...headers, host: asked.host },
        signal: AbortSignal.timeout(TIMEOUT_MS),
        // One connection for each request: names must not share one.
        agent: false,
        ...tls,
      },
      isPlain,
    );
  };
}
