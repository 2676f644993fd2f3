// Pushing manifests (end-7). Everything that can be refused without the body is refused before it is
// read.
import { createHash } from 'node:crypto';
import { Digest, DomainError, parseManifest, Reference, Tag } from '@portolan/oci';
import { RegistryError } from '../../registry-error.ts';
import { readIfMatch } from '../conditional.ts';
import { replyEmpty } from '../reply.ts';
import { readManifestBody } from '../request-body.ts';
import type { EndpointDeps, Handler, RepositoryRequest } from '../request.ts';
import { manifestPath } from './manifests.ts';

/** `?tag=` (end-7b): repeated, or several with commas. */
function readTags(query: URLSearchParams, maxTags: number): Tag[] {
  const names = query.getAll('tag').flatMap((value) => value.split(','));
  if (names.length > maxTags) {
    throw new RegistryError('too-many-tags', 'too many tags', { maxTags });
  }
  return [...new Set(names)].map(Tag.parse);
}

/** The digest of the bytes, in the algorithm that the URL names. @throws DomainError `digest-mismatch` */
function digestOf(body: Buffer, reference: Reference): Digest {
  const algorithm = reference.kind === 'digest' ? Digest.algorithm(reference.digest) : 'sha256';
  const digest = Digest.of(algorithm, createHash(algorithm).update(body).digest('hex'));
  if (reference.kind === 'digest' && digest !== reference.digest) {
    throw new DomainError('digest-mismatch', 'the manifest differs from the digest in the URL', {
      expected: reference.digest,
      received: digest,
    });
  }
  return digest;
}

export function putManifest({ content, limits }: EndpointDeps): Handler<RepositoryRequest> {
  return async (ctx, { repository, parameter, caller, query, whileGranted }) => {
    const reference = Reference.parse(parameter);
    const extraTags = readTags(query, limits.maxTagsPerPush);
    const ifMatch = readIfMatch(ctx.req.headers['if-match'], reference);
    const body = await readManifestBody(ctx, limits);
    const digest = digestOf(body, reference);
    const manifest = parseManifest(body, ctx.req.headers['content-type']);
    const tags = reference.kind === 'tag' ? [reference.tag, ...extraTags] : extraTags;
    const actor = caller.subject;
    const condition = ifMatch === undefined ? {} : { ifMatch };
    const put = { repository, digest, manifest, body, tags: [...new Set(tags)], actor };
    await whileGranted((right) => content.manifests.put({ ...put, ...condition, right }));
    ctx.set('Location', manifestPath(repository, digest));
    ctx.set('Docker-Content-Digest', digest);
    if (manifest.subject !== undefined) ctx.set('OCI-Subject', manifest.subject.digest);
    if (extraTags.length > 0) ctx.set('OCI-Tag', extraTags);
    replyEmpty(ctx, 201);
  };
}
