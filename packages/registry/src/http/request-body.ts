// Reading request bodies. A client that sent `Expect: 100-continue` gets its 100 at the moment when
// we begin to read, after everything that could refuse the request without its body.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { RegistryError } from '../registry-error.ts';
import type { RegistryLimits } from '../registry-deps.ts';
import { watchBody } from './progress.ts';
import type { RegistryContext } from './request.ts';

/** Requests that came as `checkContinue` and have not been told to go on. */
const awaitingContinue = new WeakSet<IncomingMessage>();

export function markAwaitingContinue(req: IncomingMessage): void {
  awaitingContinue.add(req);
}

/** Bytes announced; undefined when the client streams. @throws RegistryError */
export function contentLength(req: IncomingMessage): number | undefined {
  const header = req.headers['content-length'];
  if (header === undefined) return undefined;
  const length = Number(header);
  if (Number.isSafeInteger(length) && length >= 0) return length;
  throw new RegistryError('content-length-invalid', 'Content-Length is not a size');
}

export function hasBody(req: IncomingMessage): boolean {
  const length = req.headers['content-length'];
  return req.headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}

/** Whether bytes may still come in that nobody will read. */
export function hasUnreadBody(req: IncomingMessage): boolean {
  return hasBody(req) && !req.complete && !awaitingContinue.has(req);
}

/** See `watchBody`: whoever does not read to the end must call `return`. */
export function openBody(
  { req, res }: { readonly req: IncomingMessage; readonly res: ServerResponse },
  limits: RegistryLimits,
): AsyncGenerator<Buffer, void, undefined> {
  return watchBody(req, limits, () => {
    if (awaitingContinue.delete(req)) res.writeContinue();
  });
}

function tooLarge(maxBytes: number): never {
  throw new RegistryError('manifest-too-large', 'the manifest is too large', { maxBytes });
}

/** The whole body of a manifest push. @throws RegistryError `manifest-too-large`, before reading if it can */
export async function readManifestBody(
  ctx: RegistryContext,
  limits: RegistryLimits,
): Promise<Buffer> {
  const max = limits.maxManifestBytes;
  if ((contentLength(ctx.req) ?? 0) > max) tooLarge(max);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of openBody(ctx, limits)) {
    size += chunk.length;
    if (size > max) tooLarge(max);
    chunks.push(chunk);
  }
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
}
