// Every refusal of the token service and what it is on the wire. A new code without a row here does
// not compile.
//
// The body speaks to three kinds of client: `details` is what docker and podman print verbatim
// (their token code looks for it first), `errors` is the registry's own form, and `error` is OAuth 2
// (RFC 6749 §5.2), which distribution's token endpoint is modelled on.
import type { OciErrorCode } from '@portolan/oci';
import type { StorageErrorCode } from '@portolan/storage';
import type { AuthErrorCode } from '../errors.ts';

export interface WireError {
  readonly status: number;
  readonly code: OciErrorCode | 'UNKNOWN' | 'UNAVAILABLE' | 'REQUEST_INVALID' | 'NOT_FOUND';
  readonly oauth: string;
  /** Whether a Basic challenge goes with it. */
  readonly hasChallenge?: boolean;
}

export interface WireErrorBody {
  readonly errors: readonly {
    readonly code: WireError['code'];
    readonly message: string;
    readonly detail: Readonly<Record<string, unknown>>;
  }[];
  readonly details: string;
  readonly error: string;
  readonly error_description: string;
}

export const INTERNAL: WireError = { status: 500, code: 'UNKNOWN', oauth: 'server_error' };

const INVALID: WireError = { status: 400, code: 'REQUEST_INVALID', oauth: 'invalid_request' };
const UNAUTHORIZED: WireError = {
  status: 401,
  code: 'UNAUTHORIZED',
  oauth: 'invalid_grant',
  hasChallenge: true,
};
const UNAVAILABLE: WireError = {
  status: 503,
  code: 'UNAVAILABLE',
  oauth: 'temporarily_unavailable',
};
const CONFLICT: WireError = { status: 409, code: 'REQUEST_INVALID', oauth: 'invalid_request' };
const NOT_FOUND: WireError = { status: 404, code: 'NOT_FOUND', oauth: 'invalid_request' };

const AUTH_ERRORS = {
  'credentials-missing': { ...UNAUTHORIZED, oauth: 'invalid_client' },
  'credentials-invalid': UNAUTHORIZED,
  'refresh-token-invalid': UNAUTHORIZED,
  'request-invalid': INVALID,
  'request-too-large': { ...INVALID, status: 413 },
  'grant-type-unsupported': { ...INVALID, oauth: 'unsupported_grant_type' },
  'service-unknown': { ...INVALID, oauth: 'invalid_target' },
  'too-many-failures': { status: 429, code: 'TOOMANYREQUESTS', oauth: 'slow_down' },
  'too-busy': UNAVAILABLE,
  'not-ready': UNAVAILABLE,
  'page-unknown': NOT_FOUND,
  'method-unsupported': { ...INVALID, status: 405, code: 'UNSUPPORTED' },
  'signing-key-missing': INTERNAL,
  'signing-key-exposed': INTERNAL,
} as const satisfies Record<AuthErrorCode, WireError>;

const STORAGE_ERRORS = {
  'database-busy': UNAVAILABLE,
  'store-read-only': UNAVAILABLE,
  'disk-full': UNAVAILABLE,
  'name-taken': CONFLICT,
  'not-found': NOT_FOUND,
  'still-in-use': CONFLICT,
  'last-owner': CONFLICT,
  'last-administrator': CONFLICT,
  // A server that meets it does not start.
  'database-newer': INTERNAL,
  // Content never passes through here.
  'repository-unknown': INTERNAL,
  'blob-unknown': INTERNAL,
  'blob-file-missing': INTERNAL,
  'manifest-unknown': INTERNAL,
  'manifest-reference-unknown': INTERNAL,
  'digest-mismatch': INTERNAL,
  'size-mismatch': INTERNAL,
  'precondition-failed': INTERNAL,
  'mirror-only': INTERNAL,
  'access-withdrawn': INTERNAL,
  'upload-unknown': INTERNAL,
  'upload-offset-mismatch': INTERNAL,
  'upload-busy': INTERNAL,
} as const satisfies Record<StorageErrorCode, WireError>;

export const WIRE_ERRORS: Readonly<Record<AuthErrorCode | StorageErrorCode, WireError>> = {
  ...AUTH_ERRORS,
  ...STORAGE_ERRORS,
};

export function isWireErrorCode(code: string): code is keyof typeof WIRE_ERRORS {
  return Object.hasOwn(WIRE_ERRORS, code);
}
