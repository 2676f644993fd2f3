// Requests to our registry under the names that engines would use for it; they go to its own address, unless
// a token service is elsewhere, or through its proxy.
import type { PlannedRequest, RegistryAddress } from '@portolan/clients';
import {
  openRequest,
  readAnswer,
  responseTo,
  type ServerAnswer,
} from '../connection/named-request.ts';
import { createTrust } from '../connection/server-trust.ts';
import type { Socket } from 'node:net';

/** To the registry's address, or to that of the URL itself. @throws Error when no answer came */
export type SendRequest = (
  request: PlannedRequest,
  to?: 'registry' | 'named host',
) => Promise<ServerAnswer>;

/** A connection to the host of a URL by way of a proxy; undefined where the proxy is not asked. */
export type FindTunnel = (url: URL, timeoutMs: number) => Promise<Socket | undefined>;

export interface ConnectionDeps {
  readonly registry: RegistryAddress;
  readonly findTunnel?: FindTunnel;
  /** PEM, trusted beside the system's. */
  readonly ca: string | undefined;
}

const TIMEOUT_MS = 15_000;

export function createRegistryConnection(given: ConnectionDeps): SendRequest {
  const { registry, ca, findTunnel } = given;
  const own = new URL(registry.origin);
  const deps = { trust: createTrust(ca), timeoutMs: TIMEOUT_MS };
  return async ({ method, url, headers }, to = 'registry') => {
    const named = new URL(url);
    const tunnel = await findTunnel?.(named, TIMEOUT_MS);
    const direct = to === 'registry' ? own : named;
    const sent = openRequest({ method, url: named, to: tunnel ?? direct, headers }, deps);
    const response = responseTo(sent);
    sent.end();
    return await readAnswer(await response);
  };
}
