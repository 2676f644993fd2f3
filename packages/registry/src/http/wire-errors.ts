// THE table from what can go wrong to what the client sees: distribution-spec, "Error Codes". A new
// code in `oci`, `storage` or here does not compile until it has a row.
import { DomainError, OCI_ERRORS, type OciErrorBody, type ParseErrorCode } from '@portolan/oci';
import type { StorageErrorCode } from '@portolan/storage';
import { RegistryError, type RegistryErrorCode } from '../registry-error.ts';

type WireCode = OciErrorBody['errors'][number]['code'];

interface WireRow {
  readonly status: number;
  readonly code: WireCode;
  /** What to do; the error's own `hint` goes first. */
  readonly hint: string;
  readonly retryAfterSeconds?: number;
}

type KnownCode = ParseErrorCode | StorageErrorCode | RegistryErrorCode;

const OPERATOR = 'tell the operator of this registry the request id';

export const WIRE_ERRORS = {
  'name-invalid': { status: 400, code: 'NAME_INVALID', hint: 'correct the repository name' },
  // The spec has no code for tags; a tag names a manifest.
  'tag-invalid': { status: 400, code: 'MANIFEST_INVALID', hint: 'correct the tag' },
  'digest-invalid': { status: 400, code: 'DIGEST_INVALID', hint: 'correct the digest' },
  'digest-unsupported': { status: 400, code: 'DIGEST_INVALID', hint: 'use sha256 or sha512' },
  'media-type-invalid': { status: 400, code: 'MANIFEST_INVALID', hint: 'correct Content-Type' },
  'manifest-invalid': { status: 400, code: 'MANIFEST_INVALID', hint: 'correct the manifest' },
  'manifest-too-complex': { status: 400, code: 'MANIFEST_INVALID', hint: 'make it smaller' },

  'repository-unknown': { status: 404, code: 'NAME_UNKNOWN', hint: 'check the name' },
  'blob-unknown': { status: 404, code: 'BLOB_UNKNOWN', hint: 'check the digest' },
  'blob-file-missing': { status: 500, code: 'UNKNOWN', hint: OPERATOR },
  'manifest-unknown': { status: 404, code: 'MANIFEST_UNKNOWN', hint: 'check the reference' },
  'manifest-reference-unknown': {
    status: 400,
    code: 'MANIFEST_BLOB_UNKNOWN',
    hint: 'push what the manifest references to this repository first',
  },
  'digest-mismatch': {
    status: 400,
    code: 'DIGEST_INVALID',
    hint: 'the content differs from its digest: send it again from the start',
  },
  'size-mismatch': {
    status: 400,
    code: 'SIZE_INVALID',
    hint: 'send as many bytes as were announced',
  },
  'precondition-failed': {
    status: 412,
    code: 'MANIFEST_INVALID',
    hint: 'the reference has changed since: read it again',
  },
  'upload-unknown': { status: 404, code: 'BLOB_UPLOAD_UNKNOWN', hint: 'begin a new upload' },
  // RANGE_INVALID is not in the spec's list.
  'upload-offset-mismatch': {
    status: 416,
    code: 'BLOB_UPLOAD_INVALID',
    hint: 'go on after the last byte in Range',
  },
  // Not 416: the offset may be right, it is only that another request writes at this moment.
  'upload-busy': {
    status: 409,
    code: 'BLOB_UPLOAD_INVALID',
    hint: 'another request is writing to this upload: wait for it',
    retryAfterSeconds: 1,
  },
  'disk-full': {
    status: 507,
    code: 'UNAVAILABLE',
    hint: 'the registry has no room left; tell its operator',
  },
  'store-read-only': {
    status: 503,
    code: 'UNAVAILABLE',
    hint: 'the disk failed, so nothing is written until a restart; tell the operator',
  },
  'database-busy': {
    status: 503,
    code: 'UNAVAILABLE',
    hint: 'try again in a moment',
    retryAfterSeconds: 1,
  },
  // A server that meets it does not start.
  'database-newer': {
    status: 503,
    code: 'UNAVAILABLE',
    hint: 'tell the operator',
  },
  'name-taken': { status: 409, code: 'DENIED', hint: 'choose another name' },
  'not-found': { status: 404, code: 'NAME_UNKNOWN', hint: 'check the name' },
  'still-in-use': { status: 409, code: 'DENIED', hint: 'remove what uses it first' },
  'last-owner': { status: 409, code: 'DENIED', hint: 'name another owner first' },
  'last-administrator': { status: 409, code: 'DENIED', hint: 'name another one first' },
  'mirror-only': {
    status: 403,
    code: 'DENIED',
    hint: 'only the mirror writes here: push to another namespace',
  },
  // Told with a challenge, by the access control that asked for the write.
  'access-withdrawn': { status: 401, code: 'UNAUTHORIZED', hint: 'get a new token' },

  unauthorized: { status: 401, code: 'UNAUTHORIZED', hint: 'get a token' },
  'keys-unavailable': {
    status: 503,
    code: 'UNAVAILABLE',
    hint: 'tokens cannot be verified now; try again in a moment',
    retryAfterSeconds: 2,
  },
  'route-unknown': { status: 404, code: 'UNSUPPORTED', hint: 'the API is below /v2/' },
  'view-unknown': { status: 404, code: 'NAME_UNKNOWN', hint: 'check the name of the registry' },
  'method-not-allowed': { status: 405, code: 'UNSUPPORTED', hint: 'see the Allow header' },
  'range-unsatisfiable': {
    status: 416,
    code: 'SIZE_INVALID',
    hint: 'ask for a range within the size given in Content-Range',
  },
  'content-range-invalid': {
    status: 400,
    code: 'BLOB_UPLOAD_INVALID',
    hint: 'expected Content-Range: <first byte>-<last byte>, without a unit',
  },
  'chunk-out-of-order': {
    status: 416,
    code: 'BLOB_UPLOAD_INVALID',
    hint: 'go on after the last byte in Range; the upload lives on',
  },
  'content-length-invalid': { status: 400, code: 'SIZE_INVALID', hint: 'correct Content-Length' },
  'page-size-invalid': { status: 400, code: 'UNSUPPORTED', hint: 'let n be a whole number' },
  'digest-missing': {
    status: 400,
    code: 'DIGEST_INVALID',
    hint: 'name the digest of the whole blob: ?digest=sha256:…',
  },
  'manifest-too-large': { status: 413, code: 'SIZE_INVALID', hint: 'make the manifest smaller' },
  'too-many-tags': { status: 414, code: 'UNSUPPORTED', hint: 'push fewer tags at a time' },
} as const satisfies Record<KnownCode, WireRow>;

export interface WireError {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: OciErrorBody;
}

const UNKNOWN: WireRow = { status: 500, code: 'UNKNOWN', hint: OPERATOR };

function isKnown(code: string): code is KnownCode {
  return Object.hasOwn(WIRE_ERRORS, code);
}

function rowOf(error: unknown): WireRow {
  return error instanceof DomainError && isKnown(error.code) ? WIRE_ERRORS[error.code] : UNKNOWN;
}

function standardMessage(code: WireCode): string {
  if (code === 'UNKNOWN') return 'internal error';
  return code === 'UNAVAILABLE' ? 'temporarily unavailable' : OCI_ERRORS[code];
}

/** What the client gets. Of a 5xx it learns nothing but the request id, with which to ask. */
export function toWireError(error: unknown, requestId: string): WireError {
  const row = rowOf(error);
  const isExplained = error instanceof DomainError && row.status < 500;
  const own = isExplained ? error.detail : {};
  const retry = row.retryAfterSeconds;
  return {
    status: row.status,
    headers: {
      ...(error instanceof RegistryError ? error.headers : {}),
      ...(retry === undefined ? {} : { 'Retry-After': String(retry) }),
    },
    body: {
      errors: [
        {
          code: row.code,
          message: isExplained ? error.message : standardMessage(row.code),
          detail: { hint: row.hint, ...own, requestId },
        },
      ],
    },
  };
}
