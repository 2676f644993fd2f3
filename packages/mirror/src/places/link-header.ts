// `Link: <…>; rel="next"` (RFC 8288) of tag lists and referrers. Only the query is taken from it: the
// next page is at the same path, whatever a rewriting proxy, or an enemy, has made of the URL.
import type { Answer } from '../client/answer.ts';
import type { KnownHosts } from '../client/known-hosts.ts';
import { mirrorError } from '../errors.ts';

const LINK = /<([^>]*)>\s*((?:;\s*[a-z]+\s*=\s*(?:"[^"]*"|[^\s",;]*)\s*)*)/gi;
const IS_NEXT = /;\s*rel\s*=\s*"?next"?\s*(?:;|$)/i;
const MAX_LENGTH = 8192;

/** The query of the next page, with its `?`. @throws MirrorError `egress-refused`, `upstream-corrupt` */
export function nextPage(answer: Answer, hosts: KnownHosts, base: URL): string | undefined {
  const header = answer.header('link');
  if (header === undefined) return undefined;
  if (header.length > MAX_LENGTH) {
    // To pass it over would make a part of a list the whole of it.
    const message = `${base.host} sends a Link header that is too long`;
    throw mirrorError('upstream-corrupt', message, { host: base.host, length: header.length });
  }
  for (const [, target = '', parameters = ''] of header.matchAll(LINK)) {
    if (!IS_NEXT.test(parameters.trim())) continue;
    // Relative to the registry: a redirected answer's own host is not where the list goes on.
    const url = hosts.continuation(
      target,
      answer.url.origin === base.origin ? answer.url : base,
      base,
    );
    if (url.search.length > 1) return url.search;
    throw mirrorError('upstream-corrupt', `${base.host} names a next page without a query`, {
      host: base.host,
    });
  }
  return undefined;
}
