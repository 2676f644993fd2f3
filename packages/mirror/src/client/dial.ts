// A connection to some host for somebody else, under the same rule as our own: only to addresses that the
// egress guard allows, looked up once.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createEgressGuard, type Resolve } from './egress-guard.ts';
import { networkError } from './network-error.ts';
import type { EgressPolicy } from './upstream-settings.ts';

/**
 * Its two directions end each by itself.
 * @throws MirrorError `egress-refused`, `upstream-unavailable`
 */
export type Dial = (host: string, port: number) => Promise<Socket>;

const CONNECT_TIMEOUT_MS = 10_000;

export function createDial(policy: EgressPolicy, resolve?: Resolve): Dial {
  const guard = createEgressGuard(policy, resolve);
  return async (host, port) => {
    // An address is not looked up, so it is checked here.
    guard.checkHost(host);
    const late = AbortSignal.timeout(CONNECT_TIMEOUT_MS);
    const socket = connect({
      host: host.replace(/^\[|\]$/g, ''),
      port,
      lookup: guard.lookup,
      allowHalfOpen: true,
      noDelay: true,
      keepAlive: true,
    });
    // It stays: until somebody else listens, an error would end the process.
    socket.on('error', () => undefined);
    try {
      await once(socket, 'connect', { signal: late });
      return socket;
    } catch (error) {
      socket.destroy();
      throw networkError(error, new URL(`https://${host}:${port}`), new AbortController().signal);
    }
  };
}
