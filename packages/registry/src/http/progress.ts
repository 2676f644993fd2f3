// The progress rule. Large layers on slow lines take hours, so no transfer has a total limit; but
// one that stands still is cut, or idle clients would hold sockets and files for ever.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RegistryLimits } from '../registry-deps.ts';
import { countReceived } from './body-bytes.ts';

const TICKS_PER_WINDOW = 6;

type BodyLimits = Pick<RegistryLimits, 'bodyWindowMs' | 'minBodyBytesPerSecond'>;

/**
 * The bytes of a request. Breaking off does not destroy the socket, so that a refusal still reaches
 * the client; whoever stops before the end must call `return`. Time in which we do not read (a slow
 * disk) is not held against the client: only ticks that find us waiting count.
 * @param begin called when the first byte is asked for
 */
export async function* watchBody(
  req: IncomingMessage,
  limits: BodyLimits,
  begin: () => void,
): AsyncGenerator<Buffer, void, undefined> {
  const minBytes = (limits.minBodyBytesPerSecond * limits.bodyWindowMs) / 1000;
  const received = countReceived(req);
  let isWaiting = true;
  let ticks = 0;
  let bytes = 0;
  const timer = setInterval(() => {
    if (!isWaiting || ++ticks < TICKS_PER_WINDOW) return;
    if (bytes < minBytes) req.destroy(new Error('the request body makes no progress'));
    ticks = 0;
    bytes = 0;
  }, limits.bodyWindowMs / TICKS_PER_WINDOW);
  try {
    begin();
    for await (const chunk of req.iterator({ destroyOnReturn: false })) {
      bytes += chunk.length;
      received.bytes += chunk.length;
      isWaiting = false;
      yield chunk;
      isWaiting = true;
    }
  } finally {
    clearInterval(timer);
  }
}

/**
 * Node's socket timeout also looks at what it could not yet hand to the kernel, so a slow reader is not an idle
 * one; who reads nothing is cut after one to two of them. No rule on bytes as for bodies: the kernel takes more
 * only when a third of its buffer, which may have grown to 4 MiB, is free again, so honest readers of 20 KB/s
 * move nothing that we see for a minute; and what they have acknowledged, node does not tell.
 */
export function watchResponse(res: ServerResponse, limits: RegistryLimits): void {
  res.setTimeout(limits.responseStallMs);
}
