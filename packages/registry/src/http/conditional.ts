// Conditional requests: RFC 9110 §13. The ETag of content is its quoted digest.
import type { Digest, Reference } from '@portolan/oci';
import type { IfMatch } from '@portolan/storage';

function tagsOf(header: string): string[] {
  return header.split(',').map((tag) => tag.trim());
}

/** If-None-Match, compared weakly (§13.1.2). */
export function isNotModified(header: string | undefined, digest: Digest): boolean {
  if (header === undefined) return false;
  const etag = `"${digest}"`;
  return tagsOf(header).some((tag) => tag === '*' || tag === etag || tag === `W/${etag}`);
}

/** If-Range: whether the range still applies. A date never does, since we send none (§13.1.5). */
export function isRangeCurrent(header: string | undefined, digest: Digest): boolean {
  return header === undefined || header.trim() === `"${digest}"`;
}

/** If-Match, compared strongly (§13.1.1): a weak tag never matches, nor does one without quotes. */
export function readIfMatch(header: string | undefined, reference: Reference): IfMatch | undefined {
  if (header === undefined) return undefined;
  if (header.trim() === '*') return { reference, digests: '*' };
  const quoted = tagsOf(header).filter((tag) => tag.length > 2 && /^".*"$/.test(tag));
  return { reference, digests: quoted.map((tag) => tag.slice(1, -1)) };
}
