// `GET …/referrers/<digest>` (end-12): what names this digest as its `subject`.
import { type Descriptor, Digest, OCI_INDEX } from '@portolan/oci';
import { formatNextLink } from '../pagination.ts';
import { replyJson } from '../reply.ts';
import type { EndpointDeps, Handler, RepositoryRequest } from '../request.ts';

/**
 * As many as fit, since clients read an index only up to some MiB. The store chose the page by its
 * annotations alone; here counts what is really sent.
 */
function fitPage(referrers: readonly Descriptor[], maxBytes: number): Descriptor[] {
  const page: Descriptor[] = [];
  let bytes = 0;
  for (const referrer of referrers) {
    bytes += Buffer.byteLength(JSON.stringify(referrer));
    if (page.length > 0 && bytes > maxBytes) break;
    page.push(referrer);
  }
  return page;
}

export function listReferrers({ content, limits }: EndpointDeps): Handler<RepositoryRequest> {
  return async (ctx, request) => {
    const { repository, parameter, query } = request;
    const subject = Digest.parse(parameter);
    const artifactType = query.get('artifactType');
    const filter = artifactType === null || artifactType === '' ? {} : { artifactType };
    const after = query.get('last');
    const start = after === null ? {} : { last: Digest.parse(after) };
    const page = { limit: limits.maxPageSize, maxBytes: limits.maxReferrersBytes };
    const list = await content.referrers.list(repository, subject, {
      ...filter,
      ...start,
      ...page,
    });
    const manifests = fitPage(list.referrers, limits.maxReferrersBytes);
    const last = manifests.at(-1)?.digest;
    if (last !== undefined && (list.hasMore || manifests.length < list.referrers.length)) {
      ctx.set('Link', formatNextLink(request, { ...filter, last }));
    }
    if ('artifactType' in filter) ctx.set('OCI-Filters-Applied', 'artifactType');
    replyJson(ctx, 200, { schemaVersion: 2, mediaType: OCI_INDEX, manifests }, OCI_INDEX);
  };
}
