// Blobs (end-2, end-10).
import { Digest, DomainError, type RepositoryName } from '@portolan/oci';
import type { BlobStore, StoredBlob } from '@portolan/storage';
import { may } from '../../access/verified-token.ts';
import { isNotModified, isRangeCurrent } from '../conditional.ts';
import { formatContentRange, parseRange } from '../range-headers.ts';
import { replyContent, replyEmpty, replyHead, setContentHeaders } from '../reply.ts';
import type { EndpointDeps, Handler, RegistryContext, RepositoryRequest } from '../request.ts';

const BLOB_TYPE = 'application/octet-stream';

export function blobPath(repository: RepositoryName, digest: Digest): string {
  return `/v2/${repository}/blobs/${digest}`;
}

function blobUnknown(digest: Digest): never {
  throw new DomainError('blob-unknown', 'blob unknown to this repository', { digest });
}

/**
 * Who may push and sees that a blob is there will leave it out of the upload, so its link is made to
 * hold a while.
 */
async function getStoredBlob(blobs: BlobStore, request: RepositoryRequest): Promise<StoredBlob> {
  const { repository, caller, parameter } = request;
  const digest = Digest.parse(parameter);
  const blob = may(caller, repository, 'push')
    ? await blobs.findForPush(repository, digest)
    : await blobs.find(repository, digest);
  return blob ?? blobUnknown(digest);
}

function setBlobHeaders(ctx: RegistryContext, digest: Digest): void {
  setContentHeaders(ctx, digest, BLOB_TYPE);
  ctx.set('Accept-Ranges', 'bytes');
}

export function headBlob({ content }: EndpointDeps): Handler<RepositoryRequest> {
  return async (ctx, request) => {
    const blob = await getStoredBlob(content.blobs, request);
    setBlobHeaders(ctx, blob.digest);
    if (isNotModified(ctx.req.headers['if-none-match'], blob.digest)) replyEmpty(ctx, 304);
    else replyHead(ctx, blob.size);
  };
}

export function getBlob({ content, limits }: EndpointDeps): Handler<RepositoryRequest> {
  return async (ctx, request) => {
    const { headers } = ctx.req;
    const blob = await getStoredBlob(content.blobs, request);
    if (isNotModified(headers['if-none-match'], blob.digest)) {
      setBlobHeaders(ctx, blob.digest);
      replyEmpty(ctx, 304);
      return;
    }
    const wanted = isRangeCurrent(headers['if-range']?.toString(), blob.digest);
    const range = wanted ? parseRange(headers.range, blob.size) : undefined;
    const bytes = await content.blobs.read(blob, range);
    setBlobHeaders(ctx, blob.digest);
    if (range === undefined) replyContent(ctx, { status: 200, size: blob.size, bytes }, limits);
    else {
      ctx.set('Content-Range', formatContentRange(range, blob.size));
      const size = range.end - range.start + 1;
      replyContent(ctx, { status: 206, size, bytes }, limits);
    }
  };
}

export function deleteBlob({ content }: EndpointDeps): Handler<RepositoryRequest> {
  return async (ctx, { repository, parameter, caller }) => {
    const digest = Digest.parse(parameter);
    const wasThere = await content.blobs.delete(repository, digest, caller.subject);
    if (!wasThere) blobUnknown(digest);
    replyEmpty(ctx, 202);
  };
}
