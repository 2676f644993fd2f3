// The one error class of the domain. A code says what went wrong in the domain's words; which HTTP
// status and wire code that becomes is decided in one table per app, never here.

/**
 * An expected failure. `detail` is sent to the client as the error's `detail` and should say what
 * to do; `cause` is for the log only.
 */
export class DomainError<Code extends string = string> extends Error {
  override readonly name = 'DomainError';
  readonly code: Code;
  readonly detail: Readonly<Record<string, unknown>>;

  constructor(
    code: Code,
    message: string,
    detail: Readonly<Record<string, unknown>> = {},
    options?: { cause?: unknown },
  ) {
    super(message, options);
    this.code = code;
    this.detail = detail;
  }
}

/** What the parsers of this package throw. */
export type ParseErrorCode =
  | 'name-invalid'
  | 'tag-invalid'
  | 'digest-invalid'
  | 'digest-unsupported'
  | 'media-type-invalid'
  | 'manifest-invalid'
  | 'manifest-too-complex';
