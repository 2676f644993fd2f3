// One CONNECT (RFC 9110 §9.3.6). By hand: proxy agents keep the reason in the status line to themselves, and
// that is what tells a refusal of ours from any other.
import { type IncomingMessage, request, type RequestOptions } from 'node:http';
import type { Socket } from 'node:net';

export interface TunnelRequest {
  readonly proxy: Pick<RequestOptions, 'host' | 'port' | 'socketPath'>;
  /** `quay.io:443`. */
  readonly target: string;
  readonly timeoutMs: number;
}

/** What the proxy answered; the socket is the target's with a status of 2xx alone. */
export type TunnelAnswer = { readonly status: number; readonly reason: string } & (
  | { readonly isOpen: true; readonly socket: Socket }
  | { readonly isOpen: false }
);

/** @throws the system's error when nothing answered */
export async function openTunnel(wanted: TunnelRequest): Promise<TunnelAnswer> {
  const { proxy, target, timeoutMs } = wanted;
  const head = { method: 'CONNECT', path: target, headers: { host: target } };
  const sent = request({ ...proxy, ...head, agent: false, signal: AbortSignal.timeout(timeoutMs) });
  return await new Promise((resolve, reject) => {
    sent.once('error', reject);
    // Whatever the status is: after CONNECT all else is left to us.
    sent.once('connect', ({ statusCode: status = 0, statusMessage }: IncomingMessage, socket) => {
      const answer = { status, reason: statusMessage ?? '' };
      if (status >= 200 && status < 300) {
        resolve({ ...answer, isOpen: true, socket });
        return;
      }
      socket.destroy();
      resolve({ ...answer, isOpen: false });
    });
    sent.end();
  });
}

/** A port is always said. */
export function tunnelTarget({ hostname, port }: URL): string {
  return `${hostname}:${port === '' ? '443' : port}`;
}
