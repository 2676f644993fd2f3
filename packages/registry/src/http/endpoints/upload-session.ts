// What the upload endpoints share: finding the session, taking a body into it, and its headers.
import { DomainError } from '@portolan/oci';
import {
  type AppendBody,
  type StoredBlob,
  type Upload,
  uploadUnknown,
  type UploadStore,
} from '@portolan/storage';
import { RegistryError } from '../../registry-error.ts';
import { formatUploadRange, parseContentRange } from '../range-headers.ts';
import { contentLength, openBody } from '../request-body.ts';
import type { EndpointDeps, RegistryContext, RepositoryRequest } from '../request.ts';
import { blobPath } from './blobs.ts';

const ID = /^[0-9a-f]{32}$/;

/** Only the subject that began an upload finds it again. */
export async function getUpload(
  uploads: UploadStore,
  { repository, caller, parameter }: RepositoryRequest,
): Promise<Upload> {
  const upload = ID.test(parameter)
    ? await uploads.find(repository, caller.subject, parameter)
    : undefined;
  if (upload === undefined) throw uploadUnknown();
  return upload;
}

function sessionHeaders(upload: Upload): Record<string, string> {
  return {
    Location: `/v2/${upload.repository}/blobs/uploads/${upload.id}`,
    Range: formatUploadRange(upload.offset),
    'Docker-Upload-UUID': upload.id,
  };
}

/** Relative Locations: crane and containerd distrust absolute ones, and proxies break them. */
export function setSessionHeaders(ctx: RegistryContext, upload: Upload): void {
  ctx.set(sessionHeaders(upload));
}

export function setBlobLocation(ctx: RegistryContext, upload: Upload, blob: StoredBlob): void {
  ctx.set('Location', blobPath(upload.repository, blob.digest));
  ctx.set('Docker-Content-Digest', blob.digest);
  ctx.set('Docker-Upload-UUID', upload.id);
}

/** @throws RegistryError, or DomainError `size-mismatch`, before any byte is read */
function describeBody(ctx: RegistryContext): Omit<AppendBody, 'bytes'> {
  const header = ctx.req.headers['content-range'];
  const length = contentLength(ctx.req);
  if (header === undefined) return length === undefined ? {} : { length };
  const range = parseContentRange(header);
  const announced = range.end - range.start + 1;
  if (length !== undefined && length !== announced) {
    throw new DomainError('size-mismatch', 'Content-Length differs from Content-Range', {
      contentLength: length,
      contentRange: header,
    });
  }
  return { start: range.start, length: announced };
}

function isOffsetMismatch(error: unknown): error is DomainError {
  return error instanceof DomainError && error.code === 'upload-offset-mismatch';
}

/**
 * Appends the request's body. A chunk at the wrong place leaves the session as it is, and the
 * refusal says where to go on.
 */
export async function appendBody(
  { content, limits }: EndpointDeps,
  ctx: RegistryContext,
  upload: Upload,
): Promise<Upload> {
  const described = describeBody(ctx);
  // Told before the body is asked for; the store decides again, under its lock.
  if (described.start !== undefined && described.start !== upload.offset) {
    throw outOfOrder(upload);
  }
  const bytes = openBody(ctx, limits);
  try {
    return await content.uploads.append(upload, { ...described, bytes });
  } catch (error) {
    if (!isOffsetMismatch(error)) throw error;
    const { repository, subject, id } = upload;
    throw outOfOrder((await content.uploads.find(repository, subject, id)) ?? upload);
  } finally {
    await bytes.return();
  }
}

function outOfOrder(upload: Upload): RegistryError {
  return new RegistryError(
    'chunk-out-of-order',
    'the chunk does not start where the upload ends',
    { offset: upload.offset },
    sessionHeaders(upload),
  );
}
