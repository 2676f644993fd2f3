// Reading and deleting manifests (end-3, end-9). The stored bytes are served and no others: `Accept`
// never converts, since that would change the digest (distribution 1755).
import { type Digest, DomainError, Reference, type RepositoryName, Tag } from '@portolan/oci';
import type { ContentStores, StoredManifest } from '@portolan/storage';
import { isNotModified } from '../conditional.ts';
import { replyContent, replyEmpty, replyHead, setContentHeaders } from '../reply.ts';
import type { EndpointDeps, Handler, RegistryContext, RepositoryRequest } from '../request.ts';

export function manifestPath(repository: RepositoryName, digest: Digest): string {
  return `/v2/${repository}/manifests/${digest}`;
}

function manifestUnknown(reference: string): never {
  throw new DomainError('manifest-unknown', 'manifest unknown to this repository', {
    reference: reference.slice(0, 256),
  });
}

/** An index may be here without all of its children; who pulls one of those is told that it is no mistake. */
function platformLeftOut(digest: Digest): never {
  const message = 'manifest unknown to this repository: this platform of its image is not mirrored';
  throw new DomainError('manifest-unknown', message, {
    reference: digest,
    hint: 'take another platform of the image, or ask the operator to mirror this one',
  });
}

/** What cannot be a tag is no manifest, 404; clients probe with `.INVALID` and expect that. */
function readReference(text: string): Reference {
  if (!text.includes(':') && Tag.find(text) === undefined) manifestUnknown(text);
  return Reference.parse(text);
}

async function getStoredManifest(
  { tags, manifests }: ContentStores,
  { repository, parameter }: RepositoryRequest,
): Promise<StoredManifest> {
  const reference = readReference(parameter);
  const digest =
    reference.kind === 'digest' ? reference.digest : await tags.resolve(repository, reference.tag);
  if (digest === undefined) return manifestUnknown(parameter);
  const found = await manifests.find(repository, digest);
  if (found !== undefined) return found;
  const isLeftOut = await manifests.isChild(repository, digest);
  return isLeftOut ? platformLeftOut(digest) : manifestUnknown(parameter);
}

/** Sets the headers; true when the client has it already, and the answer is given. */
function replyIfNotModified(ctx: RegistryContext, { digest, mediaType }: StoredManifest): boolean {
  setContentHeaders(ctx, digest, mediaType);
  if (!isNotModified(ctx.req.headers['if-none-match'], digest)) return false;
  replyEmpty(ctx, 304);
  return true;
}

export function headManifest({ content }: EndpointDeps): Handler<RepositoryRequest> {
  return async (ctx, request) => {
    const manifest = await getStoredManifest(content, request);
    if (!replyIfNotModified(ctx, manifest)) replyHead(ctx, manifest.body.length);
  };
}

export function getManifest({ content, limits }: EndpointDeps): Handler<RepositoryRequest> {
  return async (ctx, request) => {
    const manifest = await getStoredManifest(content, request);
    if (replyIfNotModified(ctx, manifest)) return;
    const { body } = manifest;
    replyContent(ctx, { status: 200, size: body.length, bytes: body }, limits);
  };
}

/** A tag goes alone; a digest goes with every tag that points at it. */
export function deleteManifest({ content }: EndpointDeps): Handler<RepositoryRequest> {
  return async (ctx, { repository, parameter, caller }) => {
    const reference = readReference(parameter);
    const actor = caller.subject;
    const wasThere =
      reference.kind === 'tag'
        ? await content.tags.delete(repository, reference.tag, actor)
        : await content.manifests.delete(repository, reference.digest, actor);
    if (!wasThere) manifestUnknown(parameter);
    replyEmpty(ctx, 202);
  };
}
