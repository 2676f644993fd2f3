// Requests to our registry under the names that engines would use for it; they go to its own address, unless
// a token service is elsewhere.
import type { PlannedRequest, RegistryAddress } from '@portolan/clients';
import {
  openRequest,
  readAnswer,
  responseTo,
  type ServerAnswer,
} from '../connection/named-request.ts';
import { createTrust } from '../connection/server-trust.ts';

/** To the registry's address, or to that of the URL itself. @throws Error when no answer came */
export type SendRequest = (
  request: PlannedRequest,
  to?: 'registry' | 'named host',
) => Promise<ServerAnswer>;

export interface ConnectionDeps {
  readonly registry: RegistryAddress;
  /** PEM, trusted beside the system's. */
  readonly ca: string | undefined;
}

const TIMEOUT_MS = 15_000;

export function createRegistryConnection({ registry, ca }: ConnectionDeps): SendRequest {
  const own = new URL(registry.origin);
  const deps = { trust: createTrust(ca), timeoutMs: TIMEOUT_MS };
  return async ({ method, url, headers }, to = 'registry') => {
    const named = new URL(url);
    const request = { method, url: named, to: to === 'registry' ? own : named, headers };
    const sent = openRequest(request, deps);
    const response = responseTo(sent);
    sent.end();
    return await readAnswer(await response);
  };
}
