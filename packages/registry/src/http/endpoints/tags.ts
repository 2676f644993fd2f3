// `GET …/tags/list` (end-8).
import { DomainError } from '@portolan/oci';
import { formatNextLink, readPage } from '../pagination.ts';
import { replyJson } from '../reply.ts';
import type { EndpointDeps, Handler, RepositoryRequest } from '../request.ts';

export function listTags({ content, limits }: EndpointDeps): Handler<RepositoryRequest> {
  return async (ctx, { repository, query }) => {
    const request = readPage(query, limits.maxPageSize);
    const page = await content.tags.list(repository, request);
    if (page === undefined) {
      throw new DomainError('repository-unknown', 'repository name not known to registry', {
        name: repository,
      });
    }
    const last = page.tags.at(-1);
    if (page.hasMore && last !== undefined) {
      const path = `/v2/${repository}/tags/list`;
      ctx.set('Link', formatNextLink(path, { n: String(request.limit), last }));
    }
    replyJson(ctx, 200, { name: repository, tags: page.tags });
  };
}
