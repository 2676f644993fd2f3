// Uploads (end-4 to end-6, end-11, end-13, end-14): distribution-spec "Pushing blobs".
import { Digest, type DigestAlgorithm, DomainError, RepositoryName } from '@portolan/oci';
import type { StoredBlob } from '@portolan/storage';
import { may } from '../../access/verified-token.ts';
import { RegistryError } from '../../registry-error.ts';
import { replyEmpty } from '../reply.ts';
import { hasBody } from '../request-body.ts';
import type { EndpointDeps, Handler, RegistryContext, RepositoryRequest } from '../request.ts';
import { blobPath } from './blobs.ts';
import { appendBody, getUpload, setBlobLocation, setSessionHeaders } from './upload-session.ts';

function readAlgorithm(query: URLSearchParams): DigestAlgorithm | undefined {
  const name = query.get('digest-algorithm');
  if (name === null || Digest.isAlgorithm(name)) return name ?? undefined;
  throw new DomainError('digest-unsupported', 'digest algorithm is not supported', {
    algorithm: name.slice(0, 64),
  });
}

/**
 * Where a mounted blob may come from: `from`, or everything that the token may pull. A source
 * without that right is as good as none, so that the answer tells nothing (zot CVE-2024-39897).
 */
function mountSources({ query, caller, repository }: RepositoryRequest): RepositoryName[] {
  const from = query.get('from');
  const names = from === null ? [...caller.grants.keys()] : [from];
  return names
    .filter((name) => name !== repository && may(caller, name, 'pull'))
    .map(RepositoryName.find)
    .filter((name) => name !== undefined);
}

async function mountBlob(
  { content }: EndpointDeps,
  request: RepositoryRequest,
): Promise<StoredBlob | undefined> {
  const digest = Digest.parse(request.query.get('mount') ?? '');
  const sources = mountSources(request);
  if (sources.length === 0) return undefined;
  const mount = { to: request.repository, digest, sources };
  return request.whileGranted((right) => content.blobs.mount({ ...mount, right }));
}

/** The single POST: session, body and commit in one. What fails leaves nothing behind. */
async function pushInOne(
  deps: EndpointDeps,
  ctx: RegistryContext,
  request: RepositoryRequest,
): Promise<void> {
  const { uploads } = deps.content;
  const digest = Digest.parse(request.query.get('digest') ?? '');
  const algorithm = Digest.algorithm(digest);
  const { repository, caller } = request;
  const upload = await uploads.begin({ repository, subject: caller.subject, algorithm });
  try {
    const filled = hasBody(ctx.req) ? await appendBody(deps, ctx, upload) : upload;
    const blob = await request.whileGranted((right) => uploads.commit(filled, digest, right));
    setBlobLocation(ctx, upload, blob);
  } catch (error) {
    await uploads.cancel(upload).catch(() => undefined);
    throw error;
  }
  replyEmpty(ctx, 201);
}

export function beginUpload(deps: EndpointDeps): Handler<RepositoryRequest> {
  return async (ctx, request) => {
    const { repository, caller, query } = request;
    const mounted = query.has('mount') ? await mountBlob(deps, request) : undefined;
    if (mounted !== undefined) {
      ctx.set('Location', blobPath(repository, mounted.digest));
      ctx.set('Docker-Content-Digest', mounted.digest);
      replyEmpty(ctx, 201);
      return;
    }
    if (query.has('digest') && !query.has('mount')) {
      await pushInOne(deps, ctx, request);
      return;
    }
    const algorithm = readAlgorithm(query);
    const subject = caller.subject;
    const begin = algorithm === undefined ? {} : { algorithm };
    setSessionHeaders(ctx, await deps.content.uploads.begin({ repository, subject, ...begin }));
    replyEmpty(ctx, 202);
  };
}

export function getUploadStatus({ content }: EndpointDeps): Handler<RepositoryRequest> {
  return async (ctx, request) => {
    setSessionHeaders(ctx, await getUpload(content.uploads, request));
    replyEmpty(ctx, 204);
  };
}

export function appendToUpload(deps: EndpointDeps): Handler<RepositoryRequest> {
  return async (ctx, request) => {
    const upload = await getUpload(deps.content.uploads, request);
    setSessionHeaders(ctx, await appendBody(deps, ctx, upload));
    replyEmpty(ctx, 202);
  };
}

function readFinalDigest(query: URLSearchParams): Digest {
  const digest = query.get('digest');
  if (digest !== null) return Digest.parse(digest);
  throw new RegistryError('digest-missing', 'the digest parameter is missing');
}

export function finishUpload(deps: EndpointDeps): Handler<RepositoryRequest> {
  return async (ctx, request) => {
    const digest = readFinalDigest(request.query);
    const upload = await getUpload(deps.content.uploads, request);
    const filled = hasBody(ctx.req) ? await appendBody(deps, ctx, upload) : upload;
    const { uploads } = deps.content;
    const blob = await request.whileGranted((right) => uploads.commit(filled, digest, right));
    setBlobLocation(ctx, upload, blob);
    replyEmpty(ctx, 201);
  };
}

export function cancelUpload({ content }: EndpointDeps): Handler<RepositoryRequest> {
  return async (ctx, request) => {
    const upload = await getUpload(content.uploads, request);
    await content.uploads.cancel(upload);
    ctx.set('Docker-Upload-UUID', upload.id);
    replyEmpty(ctx, 204);
  };
}
