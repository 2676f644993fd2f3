// `GET /v2/_catalog`: Docker's, not in the spec. The filter of the token is part of the query, so
// that a page never tells how much it hides.
import { formatNextLink, readPage } from '../pagination.ts';
import { replyJson } from '../reply.ts';
import type { EndpointDeps, Handler, RegistryRequest } from '../request.ts';

const NOTHING = { visibilities: [], namespaceIds: [] };

export function listCatalog({ content, limits }: EndpointDeps): Handler<RegistryRequest> {
  return async (ctx, { caller, query }) => {
    const request = readPage(query, limits.maxPageSize);
    const page = await content.repositories.list(caller.catalog ?? NOTHING, request);
    const last = page.names.at(-1);
    if (page.hasMore && last !== undefined) {
      ctx.set('Link', formatNextLink('/v2/_catalog', { n: String(request.limit), last }));
    }
    replyJson(ctx, 200, { repositories: page.names });
  };
}
