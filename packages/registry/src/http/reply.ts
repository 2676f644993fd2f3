// The few shapes of an answer. koa's own ways are avoided where clients would notice: it writes
// `Accepted` into an empty 202 and adds `; charset=utf-8` to types that must be exact.
import type { Readable } from 'node:stream';
import type { RegistryLimits } from '../registry-deps.ts';
import { watchResponse } from './progress.ts';
import type { RegistryContext } from './request.ts';

const EMPTY = Buffer.alloc(0);
/** Up to here a body fits into the kernel's buffers, whether or not the client reads. */
const UNWATCHED_BYTES = 64 * 1024;

/** On every answer below `/v2/`, refusals included: old Docker clients look for the version. */
export function setCommonHeaders(ctx: RegistryContext): void {
  ctx.res.setHeader('Docker-Distribution-API-Version', 'registry/2.0');
  ctx.res.setHeader('X-Content-Type-Options', 'nosniff');
  ctx.res.setHeader('X-Request-Id', ctx.state.requestId);
  // distribution-spec, "Registry Proxying".
  if (ctx.state.view !== undefined) ctx.res.setHeader('OCI-Namespace', ctx.state.view);
}

export function replyEmpty(ctx: RegistryContext, status: number): void {
  ctx.status = status;
  if (status === 204 || status === 304) return;
  ctx.body = EMPTY;
  ctx.remove('Content-Type');
}

export function replyJson(
  ctx: RegistryContext,
  status: number,
  value: unknown,
  contentType = 'application/json',
): void {
  ctx.status = status;
  ctx.set('Content-Type', contentType);
  ctx.body = Buffer.from(JSON.stringify(value));
}

/** The answer to a HEAD: the headers of the GET, and no bytes are fetched for it. */
export function replyHead(ctx: RegistryContext, size: number): void {
  ctx.status = 200;
  ctx.set('Content-Length', String(size));
}

/** Stored content: the whole of it, or a part. */
export function replyContent(
  ctx: RegistryContext,
  content: { readonly status: number; readonly size: number; readonly bytes: Buffer | Readable },
  limits: RegistryLimits,
): void {
  ctx.status = content.status;
  ctx.body = content.bytes;
  ctx.set('Content-Length', String(content.size));
  if (content.size > UNWATCHED_BYTES) watchResponse(ctx.res, limits);
}

/** A blob may be any document, so a browser must not run what it finds in it. */
export function setContentHeaders(ctx: RegistryContext, digest: string, mediaType: string): void {
  ctx.set('Content-Type', mediaType);
  ctx.set('Docker-Content-Digest', digest);
  ctx.set('ETag', `"${digest}"`);
  ctx.set('Content-Security-Policy', "default-src 'none'; sandbox");
}
