// Paging by `n` and `last`, and the `Link` to the next page (distribution-spec "Listing Tags").
import type { PageRequest } from '@portolan/storage';
import { RegistryError } from '../registry-error.ts';

/** @throws RegistryError `page-size-invalid`. A large `n` is clamped (CVE-2023-2253). */
export function readPage(query: URLSearchParams, maxPageSize: number): PageRequest {
  const n = query.get('n');
  const last = query.get('last');
  if (n !== null && !/^\d+$/.test(n)) {
    throw new RegistryError('page-size-invalid', 'n is not a page size', { n: n.slice(0, 64) });
  }
  return {
    limit: n === null ? maxPageSize : Math.min(Number(n), maxPageSize),
    ...(last === null ? {} : { last }),
  };
}

/** Relative, so that it holds behind any proxy. */
export function formatNextLink(path: string, parameters: Readonly<Record<string, string>>): string {
  return `<${path}?${new URLSearchParams(parameters).toString()}>; rel="next"`;
}
