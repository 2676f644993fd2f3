// `GET /v2/_catalog`: Docker's, not in the spec. The filter of the token is part of the query, so
// that a page never tells how much it hides.
import { formatNextLink, readPage } from '../pagination.ts';
import { replyJson } from '../reply.ts';
import type { EndpointDeps, Handler, RegistryRequest } from '../request.ts';

const NOTHING = { visibilities: [], namespaceIds: [] };

export function listCatalog({ content, limits }: EndpointDeps): Handler<RegistryRequest> {
  return async (ctx, request) => {
    const asked = readPage(request.query, limits.maxPageSize);
    const page = await content.repositories.list(request.caller.catalog ?? NOTHING, asked);
    const last = page.names.at(-1);
    if (page.hasMore && last !== undefined) {
      ctx.set('Link', formatNextLink(request, { n: String(asked.limit), last }));
    }
    replyJson(ctx, 200, { repositories: page.names });
  };
}
