// Paging by `n` and `last`, and the `Link` to the next page (distribution-spec "Listing Tags").
import type { PageRequest } from '@portolan/storage';
import { RegistryError } from '../registry-error.ts';
import type { RegistryRequest } from './request.ts';

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

/**
 * Relative, so that it holds behind any proxy; and where this page was asked for, so that the next one
 * is seen through the same view.
 */
export function formatNextLink(
  { path, query }: Pick<RegistryRequest, 'path' | 'query'>,
  parameters: Readonly<Record<string, string>>,
): string {
  const ns = query.get('ns');
  const next = new URLSearchParams(ns === null ? parameters : { ...parameters, ns });
  return `<${path}?${next.toString()}>; rel="next"`;
}
