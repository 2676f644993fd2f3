// `GET …/tags/list` (end-8).
import { DomainError } from '@portolan/oci';
import { formatNextLink, readPage } from '../pagination.ts';
import { replyJson } from '../reply.ts';
import type { EndpointDeps, Handler, RepositoryRequest } from '../request.ts';

export function listTags({ content, limits }: EndpointDeps): Handler<RepositoryRequest> {
  return async (ctx, request) => {
    const { repository } = request;
    const asked = readPage(request.query, limits.maxPageSize);
    const page = await content.tags.list(repository, asked);
    if (page === undefined) {
      throw new DomainError('repository-unknown', 'repository name not known to registry', {
        name: repository,
      });
    }
    const last = page.tags.at(-1);
    if (page.hasMore && last !== undefined) {
      ctx.set('Link', formatNextLink(request, { n: String(asked.limit), last }));
    }
    replyJson(ctx, 200, { name: repository, tags: page.tags });
  };
}
