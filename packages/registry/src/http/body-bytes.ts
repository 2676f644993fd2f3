// How large the bodies of a request and of its answer were, for whoever counts.
import type { IncomingMessage, ServerResponse } from 'node:http';

const received = new WeakMap<IncomingMessage, { bytes: number }>();

/** To be added to as the body is read. */
export function countReceived(req: IncomingMessage): { bytes: number } {
  const counter = { bytes: 0 };
  received.set(req, counter);
  return counter;
}

/** What was read of the body; what is thrown away after a refusal does not count. */
export function bodyBytesReceived(req: IncomingMessage): number {
  return received.get(req)?.bytes ?? 0;
}

/** @param onSocket of the whole answer, its head included: all that is known of one that was cut */
export function bodyBytesSent(res: ServerResponse, onSocket: number): number {
  if (!res.writableFinished) return onSocket;
  return res.req.method === 'HEAD' ? 0 : Number(res.getHeader('content-length') ?? 0);
}
